//! Snapshots of the content, as files of the folder `snapshots` in the data folder.
//!
//! A snapshot consists of two files: a store, which `sqlite3` can open, and a manifest, which names the store's file and has
//! its checksum. The manifest is renamed into its place when everything else is synced, so one rename replaces a snapshot.

mod files;

use std::ffi::c_int;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use crc32fast::Hasher;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use tempfile::NamedTempFile;
use tracing::warn;

use self::files::Files;
use super::connection;
use super::error::StatementError;
use super::layout::Layout;
use super::scan::{self, Scan};
use crate::backend::contents::{ITEMS_LIMIT_BYTES, check_limits};
use crate::backend::{ContentsError, Error, Snapshot, SnapshotList, SnapshotName};

/// The name of the folder in the data folder.
pub(super) const FOLDER: &str = "snapshots";

/// The snapshots of a store, and other work on its whole content. All methods may block.
#[derive(Debug)]
pub(super) struct SavedSnapshots {
    files: Files,
    /// The file of the store.
    store: PathBuf,
    layout: Arc<Layout>,
    /// Whether the store is open. Whoever works on snapshots or on the whole content holds the lock.
    open: Mutex<bool>,
}

/// A copy of the content under a name that no snapshot has.
struct VerifiedCopy {
    file: NamedTempFile,
    snapshot: Snapshot,
    checksum: Hasher,
}

impl SavedSnapshots {
    pub(super) fn new(folder: PathBuf, store: PathBuf, layout: Arc<Layout>) -> SavedSnapshots {
        SavedSnapshots { files: Files::new(folder), store, layout, open: Mutex::new(true) }
    }

    /// Saves the content. It is read on a connection of its own, so that reads and writes go on meanwhile.
    pub(super) fn save(&self, name: &SnapshotName) -> Result<Snapshot, ContentsError> {
        let _open = self.working()?;
        self.put(self.copy(name)?)
    }

    /// Reads a snapshot as [`SavedSnapshots::load`] does, and meanwhile saves the content as `kept`. If either fails, nothing is
    /// saved.
    pub(super) fn load_and_save(
        &self,
        name: &SnapshotName,
        kept: &SnapshotName,
    ) -> Result<(Snapshot, Connection, Snapshot), ContentsError> {
        let _open = self.working()?;
        let (loaded, copy) = thread::scope(|scope| {
            let loading = scope.spawn(|| self.loaded(name));
            let copy = self.copy(kept);
            let ended =
                |_| Err(Error::Unavailable("the reading of a snapshot ended in a panic".to_owned()).into());
            (loading.join().unwrap_or_else(ended), copy)
        });
        let (snapshot, content) = loaded?;
        Ok((snapshot, content, self.put(copy?)?))
    }

    /// Copies the content into a file that no snapshot has, verifies the file and syncs it.
    fn copy(&self, name: &SnapshotName) -> Result<VerifiedCopy, ContentsError> {
        let held = self.held()?.snapshots;
        let source = self.source()?;
        check_limits(&held, name, whole_bytes(&source).map_err(Error::from)?)?;
        self.files.prepare().and_then(|()| self.files.sweep()).map_err(|error| failed(&error))?;
        let copy = self.files.temporary().map_err(|error| failed(&error))?;
        copied(&source, copy.path()).map_err(Error::from)?;
        drop(source);
        copy.as_file().write_all_at(&WITHOUT_LOG, VERSIONS_AT).map_err(|error| failed(&error))?;
        let bytes = copy.as_file().metadata().map_err(|error| failed(&error))?.len();
        check_limits(&held, name, bytes)?;
        // What is verified and hashed is what the file has.
        let (content, checksum) = files::read(copy.path(), bytes).map_err(|error| failed(&error))?;
        let verified = thread::scope(|scope| {
            let synced = scope.spawn(|| copy.as_file().sync_all());
            // The copy has the indexes of the store, with what damage hides.
            let verified = self.layout.check_twins(&content);
            let verified = verified.and_then(|()| scan::verified(&content, ITEMS_LIMIT_BYTES));
            let synced = synced.join().unwrap_or_else(|_| Err(io::Error::other("the sync ended in a panic")));
            synced.map_err(|error| failed(&error))?;
            Ok::<_, Error>(verified?)
        });
        let (items, hash) = verified?;
        let snapshot = Snapshot { name: name.clone(), items, bytes, hash };
        Ok(VerifiedCopy { file: copy, snapshot, checksum })
    }

    /// Makes a copy a snapshot.
    fn put(&self, copy: VerifiedCopy) -> Result<Snapshot, ContentsError> {
        let VerifiedCopy { file, snapshot, checksum } = copy;
        self.files.put(file, &snapshot, checksum).map_err(|error| failed(&error))?;
        // The older snapshot of the same name is replaced already; the next sweep tries again.
        if let Err(error) = self.files.sweep() {
            warn!(%error, "the file of a replaced snapshot could not be removed");
        }
        Ok(snapshot)
    }

    /// Reads a snapshot into memory, with the indexes of the present schema. The checksum shows that it is what was saved, and
    /// that was verified then.
    pub(super) fn load(&self, name: &SnapshotName) -> Result<(Snapshot, Connection), ContentsError> {
        let _open = self.working()?;
        self.loaded(name)
    }

    fn loaded(&self, name: &SnapshotName) -> Result<(Snapshot, Connection), ContentsError> {
        let unreadable = |error: io::Error| damaged(name, format!("its manifest cannot be read: {error}"));
        let manifest = self.files.manifest(name).map_err(unreadable)?;
        let manifest = manifest.ok_or_else(|| ContentsError::Missing(name.clone()))?;
        let unreadable = |error: io::Error| damaged(name, format!("its file cannot be read: {error}"));
        let read = files::read(&self.files.store(&manifest), manifest.snapshot.bytes);
        let (mut content, checksum) = read.map_err(unreadable)?;
        if !manifest.fits(checksum) {
            return Err(damaged(name, "it is not as it was saved".to_owned()));
        }
        self.layout.settle(&mut content).map_err(|StatementError(error)| damaged(name, error.to_string()))?;
        Ok((manifest.snapshot, content))
    }

    /// Everything that a snapshot has.
    pub(super) fn scan(&self, name: &SnapshotName) -> Result<Scan, ContentsError> {
        let (snapshot, content) = self.load(name)?;
        let scan = scan::all(&content, ITEMS_LIMIT_BYTES);
        let scan = scan.map_err(|StatementError(error)| damaged(name, error.to_string()))?;
        let is_whole = scan.items.len() as u64 == snapshot.items;
        is_whole.then_some(scan).ok_or_else(|| damaged(name, "it has another number of items".to_owned()))
    }

    /// All snapshots.
    pub(super) fn list(&self) -> Result<SnapshotList, ContentsError> {
        let _open = self.working()?;
        self.held()
    }

    /// Removes a snapshot.
    pub(super) fn remove(&self, name: &SnapshotName) -> Result<(), ContentsError> {
        let _open = self.working()?;
        let removed = self.files.remove(name).map_err(|error| failed(&error))?;
        if removed { Ok(()) } else { Err(ContentsError::Missing(name.clone())) }
    }

    /// Whether the store has no item now.
    pub(super) fn is_empty(&self) -> Result<bool, ContentsError> {
        let _open = self.working()?;
        Ok(scan::is_empty(&self.source()?).map_err(Error::from)?)
    }

    /// Everything that the store has now.
    pub(super) fn now(&self) -> Result<Scan, ContentsError> {
        let _open = self.working()?;
        let mut source = self.source()?;
        let transaction = source.transaction().map_err(|error| Error::from(StatementError::from(error)))?;
        Ok(scan::all(&transaction, ITEMS_LIMIT_BYTES).map_err(Error::from)?)
    }

    /// Waits for work in progress and refuses all later work.
    pub(super) fn close(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    fn working(&self) -> Result<MutexGuard<'_, bool>, Error> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if *open { Ok(open) } else { Err(Error::Unavailable("the store is closed".to_owned())) }
    }

    fn held(&self) -> Result<SnapshotList, ContentsError> {
        let (manifests, damaged) = self.files.manifests().map_err(|error| failed(&error))?;
        let snapshots = manifests.into_iter().map(|manifest| manifest.snapshot).collect();
        Ok(SnapshotList { snapshots, damaged })
    }

    /// A connection of its own, so that single reads do not wait for work on the whole content.
    fn source(&self) -> Result<Connection, Error> {
        connection::reader(&self.store).map_err(|error| Error::Unavailable(error.to_string()))
    }
}

/// Copies the whole content into a new file, as it is at one moment. Reads and writes go on meanwhile.
fn copied(source: &Connection, path: &Path) -> Result<(), StatementError> {
    let mut copy = Connection::open(path)?;
    copy.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF")?;
    let step = Backup::new(source, &mut copy)?.step(ALL_PAGES)?;
    if matches!(step, StepResult::Done) {
        return Ok(());
    }
    Err(Error::Unavailable(format!("the content could not be copied ({step:?}); try again")).into())
}

fn damaged(name: &SnapshotName, detail: String) -> ContentsError {
    ContentsError::Damaged { name: name.clone(), detail }
}

/// The bytes of all pages.
fn whole_bytes(connection: &Connection) -> Result<u64, StatementError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let (pages, page_bytes) = (number("page_count")?, number("page_size")?);
    Ok(u64::from(pages) * u64::from(page_bytes))
}

fn failed(error: &io::Error) -> Error {
    Error::Unavailable(format!("the folder {FOLDER:?} of the data folder cannot be used ({error})"))
}

/// All pages in one step, so that they are of one moment.
const ALL_PAGES: c_int = -1;
/// Where the header of a file has its two versions (sqlite.org/fileformat2.html), and those of a file without a log beside
/// it. The store has a log, so a copy of its first page says 2.
const VERSIONS_AT: u64 = 18;
const WITHOUT_LOG: [u8; 2] = [1, 1];
