//! Who could have written a file: its owner, and whoever may write to it or to a folder on the way to it.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// The content of a file, where nobody but this user and root could have written it or put another one in its place.
///
/// It is read by the path that was looked at, and after that: a link on the way there may be another's to change.
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

/// Why a file is not known to be ours.
#[derive(Debug, thiserror::Error)]
pub enum TrustedFileError {
    /// Another user owns this path, or may write to it.
    #[error(
        "{}: another user may have written here, and compiled code runs unchecked; only its owner and root may be \
         able to write to it and to every folder above it", .0.display()
    )]
    ToOthers(PathBuf),
    /// It cannot be found out.
    #[error("{}: cannot be looked at ({error})", path.display())]
    Unseen {
        /// Where.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

impl TrustedFileError {
    pub(super) fn of(path: &Path, error: io::Error) -> TrustedFileError {
        TrustedFileError::Unseen { path: path.to_owned(), error }
    }
}

const ROOT: u32 = 0;
/// Of the group, and of everybody.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// In such a folder everybody may make files, and nobody may move or remove those of others.
const STICKY: u32 = 0o1000;
