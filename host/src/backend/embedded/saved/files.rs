//! The files of snapshots: `NAME.json`, the manifest, and `NAME.UNIQUE.sqlite3`, the store.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crc32fast::Hasher;
use rusqlite::{Connection, MAIN_DB};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use uuid::Uuid;

use crate::backend::contents::SNAPSHOTS_LIMIT_BYTES;
use crate::backend::embedded::{error, folder};
use crate::backend::{Snapshot, SnapshotName};

/// The folder of the snapshots. It may be missing.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
}

/// What `NAME.json` contains.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) snapshot: Snapshot,
    /// The name of the store's file, in the same folder.
    pub(super) file: String,
    /// The CRC-32 of the store's file and of the two members above.
    pub(super) checksum: u32,
}

impl Manifest {
    /// The manifest of a snapshot whose file has this checksum.
    fn new(snapshot: Snapshot, file: String, of_file: Hasher) -> io::Result<Manifest> {
        let checksum = checksum(&snapshot, &file, of_file)?;
        Ok(Manifest { snapshot, file, checksum })
    }

    /// Whether neither the file nor the manifest changed since the snapshot was saved.
    pub(super) fn fits(&self, of_file: Hasher) -> bool {
        checksum(&self.snapshot, &self.file, of_file).is_ok_and(|checksum| checksum == self.checksum)
    }
}

fn checksum(snapshot: &Snapshot, file: &str, of_file: Hasher) -> io::Result<u32> {
    let mut sum = of_file;
    sum.update(&serde_json::to_vec(&(snapshot, file))?);
    Ok(sum.finalize())
}

impl Files {
    pub(super) fn new(folder: PathBuf) -> Files {
        Files { folder }
    }

    /// Creates the folder if it is missing.
    pub(super) fn prepare(&self) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Ok(()) => self.folder.parent().map_or(Ok(()), folder::sync_folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// All manifests by name. Returns the names whose manifests cannot be read apart.
    pub(super) fn manifests(&self) -> io::Result<(Vec<Manifest>, Vec<SnapshotName>)> {
        let (mut manifests, mut unreadable) = (Vec::new(), Vec::new());
        let mut names = self.names()?;
        names.sort();
        for name in names.iter().filter_map(|file| file.strip_suffix(MANIFEST)?.parse::<SnapshotName>().ok())
        {
            match self.manifest(&name) {
                Ok(manifest) => manifests.extend(manifest),
                Err(_) => unreadable.push(name),
            }
        }
        Ok((manifests, unreadable))
    }

    /// The manifest of a snapshot; `None` if there is no such snapshot.
    pub(super) fn manifest(&self, name: &SnapshotName) -> io::Result<Option<Manifest>> {
        let file = match File::open(self.manifest_path(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(MANIFEST_LIMIT_BYTES).read_to_end(&mut bytes)?;
        let wrong = |_| io::Error::other("it is not a manifest");
        let manifest = serde_json::from_slice::<Manifest>(&bytes).map_err(wrong)?;
        if manifest.snapshot.name == *name && owner(&manifest.file).as_ref() == Some(name) {
            return Ok(Some(manifest));
        }
        Err(io::Error::other("it is the manifest of another snapshot"))
    }

    /// A new file with a name under which no snapshot looks for it.
    pub(super) fn temporary(&self) -> io::Result<NamedTempFile> {
        tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder)
    }

    /// Makes a finished store, which is synced, and its manifest the snapshot of that name. Everything is synced before the
    /// manifest is in its place.
    pub(super) fn put(&self, store: NamedTempFile, snapshot: &Snapshot, of_file: Hasher) -> io::Result<()> {
        let name = &snapshot.name;
        let file = format!("{name}.{}{STORE}", Uuid::new_v4().simple());
        store.persist(self.folder.join(&file))?;
        let manifest = Manifest::new(snapshot.clone(), file, of_file)?;
        let mut temporary = self.temporary()?;
        temporary.write_all(&serde_json::to_vec(&manifest)?)?;
        temporary.as_file().sync_all()?;
        folder::sync_folder(&self.folder)?;
        temporary.persist(self.manifest_path(name))?;
        folder::sync_folder(&self.folder)
    }

    /// Removes a snapshot. Returns whether there was one.
    pub(super) fn remove(&self, name: &SnapshotName) -> io::Result<bool> {
        match fs::remove_file(self.manifest_path(name)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        }
        folder::sync_folder(&self.folder)?;
        self.sweep()?;
        Ok(true)
    }

    /// Removes the files that belong to no snapshot: those of replaced and removed snapshots, and those that a process left
    /// when it ended. The store of a manifest that cannot be read stays.
    pub(super) fn sweep(&self) -> io::Result<()> {
        for file in self.names()? {
            let is_left = match owner(&file) {
                Some(name) => match self.manifest(&name) {
                    Ok(manifest) => manifest.is_none_or(|manifest| manifest.file != file),
                    Err(_) => false,
                },
                None => file.starts_with(UNFINISHED),
            };
            if is_left {
                fs::remove_file(self.folder.join(file))?;
            }
        }
        Ok(())
    }

    /// The store's file of a snapshot.
    pub(super) fn store(&self, manifest: &Manifest) -> PathBuf {
        self.folder.join(&manifest.file)
    }

    fn manifest_path(&self, name: &SnapshotName) -> PathBuf {
        self.folder.join(format!("{name}{MANIFEST}"))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let found = match fs::read_dir(&self.folder) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for file in found {
            names.extend(file?.file_name().into_string());
        }
        Ok(names)
    }
}

/// The snapshot to which a store's file belongs. A name of such a file is never a path.
fn owner(file: &str) -> Option<SnapshotName> {
    let (name, unique) = file.strip_suffix(STORE)?.split_once('.')?;
    let is_unique = !unique.is_empty() && unique.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.parse().ok().filter(|_| is_unique)
}

/// Reads a store into memory. Returns it with the checksum of its file, which must have `bytes`.
pub(super) fn read(path: &Path, bytes: u64) -> io::Result<(Connection, Hasher)> {
    let file = File::open(path)?;
    let found = file.metadata()?.len();
    if found != bytes || bytes > SNAPSHOTS_LIMIT_BYTES {
        return Err(io::Error::other(format!("it has {found} bytes")));
    }
    let failed = |error: rusqlite::Error| io::Error::other(error::text(&error));
    let mut content = Connection::open_in_memory().map_err(failed)?;
    let mut summed = Summed { file, sum: Hasher::new() };
    let bytes = usize::try_from(bytes).map_err(io::Error::other)?;
    content.deserialize_read_exact(MAIN_DB, &mut summed, bytes, false).map_err(failed)?;
    Ok((content, summed.sum))
}

/// A file whose checksum is computed while it is read.
struct Summed {
    file: File,
    sum: Hasher,
}

impl Read for Summed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.sum.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

const MANIFEST: &str = ".json";
const STORE: &str = ".sqlite3";
/// How the names of unfinished files begin. The name of a snapshot has no period.
const UNFINISHED: &str = ".new-";
/// A manifest has about 300 bytes.
const MANIFEST_LIMIT_BYTES: u64 = 4096;
