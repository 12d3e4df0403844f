//! The folder of the store: its lock and its file, before SQLite sees them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::failure::OpenError;

/// The pages of the file, in bytes. Written down so that a flipped byte in the header is noticed: with another
/// page size every page number points elsewhere.
pub(super) const PAGE_BYTES: u16 = 4096;

/// A folder that no one else has.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    /// Unlocks when it is dropped.
    pub(super) lock: File,
}

impl Folder {
    /// Locks the folder.
    pub(super) fn claim(path: &Path) -> Result<Folder, OpenError> {
        let failed = |source| OpenError::Io { path: path.to_owned(), source };
        // Absolute: SQLite takes a name that begins with `file:` for a URI.
        let path = fs::canonicalize(path).map_err(failed)?;
        let lock = lock(&path)?;
        Ok(Folder { path, lock })
    }

    /// The file of the store; made empty where it is missing, so that its mode is ours.
    pub(super) fn file(&self) -> Result<PathBuf, OpenError> {
        let path = self.path.join("store.sqlite3");
        let failed = |source| OpenError::Io { path: path.clone(), source };
        match private().create_new(true).open(&path) {
            Ok(file) => file.sync_all().and_then(|()| sync_folder(&self.path)).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_header(&path)?,
            Err(error) => return Err(failed(error)),
        }
        Ok(path)
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
    let path = folder.join("lock");
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
