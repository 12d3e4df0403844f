//! The folder of the store: its lock and its file, before SQLite sees them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::OpenError;
use super::opened::OpenedFiles;
use super::quota;

/// The pages of the file, in bytes. Written down so that a flipped byte in the header is noticed: with another
/// page size every page number points elsewhere.
pub(super) const PAGE_BYTES: u16 = 4096;

/// A folder that no one else has.
#[derive(Debug)]
pub(super) struct Folder {
    /// As it was named. Where that is a link, it may lead elsewhere some day.
    name: PathBuf,
    pub(super) path: PathBuf,
    /// Unlocks when it is dropped.
    pub(super) lock: File,
}

impl Folder {
    /// Locks the folder, and looks whether this process may write all that is in it and more.
    pub(super) fn claim(name: &Path) -> Result<Folder, OpenError> {
        let failed = |source| OpenError::Io { path: name.to_owned(), source };
        // Absolute: SQLite takes a name that begins with `file:` for a URI.
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

    /// The file of the store; made empty where it is missing, so that its mode is ours.
    pub(super) fn file(&self) -> Result<PathBuf, OpenError> {
        let path = self.path.join(STORE);
        let failed = |source| OpenError::Io { path: path.clone(), source };
        match private().create_new(true).open(&path) {
            Ok(file) => file.sync_all().and_then(|()| sync_folder(&self.path)).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_header(&path)?,
            Err(error) => return Err(failed(error)),
        }
        // SQLite follows a link too, and has its log beside the file that the link leads to.
        path.canonicalize().map_err(failed)
    }

    /// What is open of the store whose file is `path`, under the names by which the next start opens it: the file first.
    pub(super) fn opened_files(&self, path: &Path) -> Result<OpenedFiles, OpenError> {
        let beside = |end| {
            let mut path = path.as_os_str().to_owned();
            path.push(end);
            PathBuf::from(path)
        };
        OpenedFiles::look([self.name.join(STORE), beside("-wal"), beside("-shm"), self.name.join(LOCK)])
    }

    /// A file of the folder by the name under which the next start opens it.
    pub(super) fn named(&self, file: &str) -> PathBuf {
        self.name.join(file)
    }
}

/// A file that is there has to be a plain one that this process may write. SQLite would take one that it may only read,
/// and fail later; and who opens a pipe waits for ever.
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

/// Only this user may look into it.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

/// A new name is on the disk only when its folder is.
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

/// Who has the lock, as far as the file tells.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.read_to_string(&mut text).is_ok();
    if read && text.parse::<u32>().is_ok() { format!("process {text}") } else { "another process".to_owned() }
}

/// What SQLite itself would believe of a header: the page size, and the bytes that each page leaves unused.
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
