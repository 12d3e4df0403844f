//! Reads a file only if no other user could have written it. Its owner could have, and every user who may write to it
//! or to a folder above it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// The content of a file. Fails unless only this user and root could have written or replaced it.
///
/// The file is read after the check and through the checked path, in which links are resolved: another user may be able
/// to change a link in the original path.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, TrustedFileError> {
    let whole = file.canonicalize().map_err(|error| TrustedFileError::of(file, error))?;
    let us = geteuid().as_raw();
    for path in whole.ancestors() {
        let found = fs::symlink_metadata(path).map_err(|error| TrustedFileError::of(path, error))?;
        let sticky = found.is_dir() && found.mode() & STICKY != 0;
        if ![us, ROOT].contains(&found.uid()) || (found.mode() & WRITABLE_BY_OTHERS != 0 && !sticky) {
            return Err(TrustedFileError::ToOthers(path.to_owned()));
        }
    }
    fs::read(&whole).map_err(|error| TrustedFileError::of(&whole, error))
}

/// Why a file is not trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustedFileError {
    /// Another user owns this path or may write to it.
    #[error(
        "{}: another user may have written here, and compiled code runs unchecked; let only its owner \
         and root write to it and to every folder above it (`chmod go-w`)", .0.display()
    )]
    ToOthers(PathBuf),
    /// The path cannot be checked or read.
    #[error("{}: cannot be read ({error})", path.display())]
    Unseen {
        /// The path.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
}

impl TrustedFileError {
    pub(super) fn of(path: &Path, error: io::Error) -> TrustedFileError {
        TrustedFileError::Unseen { path: path.to_owned(), error }
    }
}

const ROOT: u32 = 0;
/// The write permissions of the group and of all other users.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// In a folder with this bit, no user can move or remove the files of another user.
const STICKY: u32 = 0o1000;
