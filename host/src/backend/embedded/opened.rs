//! Checks that the store's open files are still the ones that the next start will find.
//!
//! If somebody removes or replaces an open file, this process keeps the old file. Writes into it succeed and are synced,
//! but they are lost when this process ends.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::OpenError;
use crate::backend::Error;

/// Paths, and the file that each path led to when the store was opened.
#[derive(Debug)]
pub(super) struct OpenedFiles {
    places: Vec<(PathBuf, Identity)>,
    cut: Cut,
}

/// Shortens the log at this path to this many bytes, if it is longer, and syncs it.
#[cfg_attr(not(feature = "suite"), expect(unreachable_pub, reason = "only the simulation names it"))]
pub type Cut = fn(&Path, u64) -> Result<(), CutError>;

/// Why the end of the log may still hold a commit that was rolled back.
#[cfg_attr(not(feature = "suite"), expect(unreachable_pub, reason = "only the simulation names it"))]
#[derive(Debug)]
pub enum CutError {
    /// The log was shortened, but could not be synced.
    Unsynced(io::Error),
    /// The log could not be shortened.
    Untouched(Error),
}

/// The device and the inode, which together identify a file among all files that exist at the same time.
type Identity = (u64, u64);

impl OpenedFiles {
    /// Records the identities of open files. The files must stay open: only then no other file can get their inodes.
    pub(super) fn look(names: impl IntoIterator<Item = PathBuf>) -> Result<OpenedFiles, OpenError> {
        let look = |path: PathBuf| match identity(&path) {
            Ok(identity) => Ok((path, identity)),
            Err(source) => Err(OpenError::Io { path, source }),
        };
        Ok(OpenedFiles { places: names.into_iter().map(look).collect::<Result<_, _>>()?, cut })
    }

    /// No files: those of another file system of SQLite, whose log `cut` shortens.
    #[cfg(feature = "suite")]
    pub(super) fn elsewhere(cut: Cut) -> OpenedFiles {
        OpenedFiles { places: Vec::new(), cut }
    }

    /// Shortens the log, if it is longer, and syncs it.
    pub(super) fn cut(&self, log: &Path, bytes: u64) -> Result<(), CutError> {
        (self.cut)(log, bytes)
    }

    /// Fails with the path of the first file that is not in its place. Each file costs a `stat`, about a microsecond.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.places.iter().try_for_each(in_place)
    }

    /// Checks only the first of the files.
    pub(super) fn check_first(&self) -> Result<(), Error> {
        self.places.first().map_or(Ok(()), in_place)
    }
}

fn in_place((path, opened): &(PathBuf, Identity)) -> Result<(), Error> {
    let found = match identity(path) {
        Ok(found) if found == *opened => return Ok(()),
        Ok(_) => "is another file now".to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => "was removed or renamed".to_owned(),
        Err(error) => format!("cannot be checked ({error})"),
    };
    let path = path.display();
    Err(Error::Unavailable(format!(
        "{path} {found} while this host has it open, so the next start would not find new writes; put the file back or \
         restart the host"
    )))
}

/// It is safe to open the log a second time: SQLite does not lock the log itself, only other files.
fn cut(log: &Path, bytes: u64) -> Result<(), CutError> {
    let untouched = |error: io::Error| CutError::Untouched(Error::Unavailable(error.to_string()));
    let log = OpenOptions::new().write(true).open(log).map_err(untouched)?;
    if log.metadata().map_err(untouched)?.len() <= bytes {
        return Ok(());
    }
    log.set_len(bytes).map_err(untouched)?;
    log.sync_all().map_err(CutError::Unsynced)
}

fn identity(path: &PathBuf) -> io::Result<Identity> {
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}
