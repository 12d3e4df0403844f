//! Locks the store's folder and checks its files, before SQLite opens them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::OpenError;
use super::opened::OpenedFiles;
use super::quota;

/// The page size of the file. It is fixed here so that a flipped byte of the header is detected: with another page size,
/// every page number would point to a different place.
pub(super) const PAGE_BYTES: u16 = 4096;

/// A folder that this process has locked.
#[derive(Debug)]
pub(super) struct Folder {
    /// The absolute path that the operator gave, with links unresolved: a link may lead to another folder at the next
    /// start.
    name: PathBuf,
    /// The same path with links resolved.
    pub(super) path: PathBuf,
    /// Dropping this unlocks the folder.
    pub(super) lock: File,
}

impl Folder {
    /// Locks the folder, and checks that this process may write the files in it and create more.
    pub(super) fn claim(name: &Path) -> Result<Folder, OpenError> {
        let failed = |source| OpenError::Io { path: name.to_owned(), source };
        // The path must be absolute, because SQLite parses a name that begins with `file:` as a URI.
        let path = fs::canonicalize(name).map_err(failed)?;
        let name = std::path::absolute(name).map_err(failed)?;
        let lock = lock(&path)?;
        for file in [STORE, "store.sqlite3-wal", "store.sqlite3-shm", quota::FILE] {
            check_writable(&path.join(file))?;
        }
        let unwritable = |source| OpenError::Io { path: path.clone(), source };
        NamedTempFile::new_in(&path).and_then(NamedTempFile::close).map_err(unwritable)?;
        Ok(Folder { name, path, lock })
    }

    /// The path of the store's file. A missing file is created here, empty, so that it has the mode 600.
    pub(super) fn file(&self) -> Result<PathBuf, OpenError> {
        let path = self.path.join(STORE);
        let failed = |source| OpenError::Io { path: path.clone(), source };
        match private().create_new(true).open(&path) {
            Ok(file) => file.sync_all().and_then(|()| sync_folder(&self.path)).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_header(&path)?,
            Err(error) => return Err(failed(error)),
        }
        // SQLite resolves links too, and keeps its log next to the file to which the link leads.
        path.canonicalize().map_err(failed)
    }

    /// The open files of the store at `path`, under the names by which the next start opens them. The store's file is the
    /// first.
    pub(super) fn opened_files(&self, path: &Path) -> Result<OpenedFiles, OpenError> {
        let beside = |end| {
            let mut path = path.as_os_str().to_owned();
            path.push(end);
            PathBuf::from(path)
        };
        OpenedFiles::look([self.name.join(STORE), beside("-wal"), beside("-shm"), self.name.join(LOCK)])
    }

    /// The path under which the next start opens a file of the folder.
    pub(super) fn named(&self, file: &str) -> PathBuf {
        self.name.join(file)
    }
}

/// Checks that an existing file is a plain file that this process may write. SQLite would open a read-only file and fail
/// later, and opening a pipe would block forever.
fn check_writable(path: &Path) -> Result<(), OpenError> {
    let failed = |source| Err(OpenError::Io { path: path.to_owned(), source });
    let wrong = |what: &str| failed(io::Error::other(what));
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => wrong("it is a folder"),
        Ok(found) if !found.is_file() => wrong("it is not a plain file"),
        Ok(_) => OpenOptions::new().read(true).write(true).open(path).map(drop).or_else(failed),
        Err(_) if path.is_symlink() => wrong("it is a link that leads to no file"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => failed(error),
    }
}

/// Options for a file that only this user may read and write.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

/// Syncs a folder. The name of a new file survives a power cut only after its folder is synced.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK);
    check_writable(&path)?;
    let failed = |source| OpenError::Io { path: path.clone(), source };
    let mut file = private().create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(OpenError::Locked { path: folder.to_owned(), holder: holder(&mut file) });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    let process = std::process::id().to_string();
    file.set_len(0).and_then(|()| file.write_all(process.as_bytes())).map_err(failed)?;
    Ok(file)
}

/// The process that has the lock, if the lock file names it.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.read_to_string(&mut text).is_ok();
    if read && text.parse::<u32>().is_ok() { format!("process {text}") } else { "another process".to_owned() }
}

/// Checks the two values of the header that SQLite does not verify: the page size, and the unused bytes of each page.
fn check_header(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Io { path: path.to_owned(), source };
    let mut header = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(100).read_to_end(&mut header).map_err(failed)?;
    let page_bytes = header.get(16..18) == Some(&PAGE_BYTES.to_be_bytes());
    if header.is_empty() || (page_bytes && header.get(20) == Some(&0)) {
        return Ok(());
    }
    let detail = format!("its header is not that of a store with pages of {PAGE_BYTES} bytes");
    Err(OpenError::Damaged { path: path.to_owned(), detail })
}

const STORE: &str = "store.sqlite3";
const LOCK: &str = "lock";
