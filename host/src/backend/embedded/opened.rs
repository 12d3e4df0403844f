//! Checks that the store's open files are still the ones that the next start will find.
//!
//! If somebody removes or replaces an open file, this process keeps the old file. Writes into it succeed and are synced,
//! but they are lost when this process ends.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::error::OpenError;
use crate::backend::Error;

/// Paths, and the file that each path led to when the store was opened.
#[derive(Debug)]
pub(super) struct OpenedFiles(Vec<(PathBuf, Identity)>);

/// The device and the inode, which together identify a file among all files that exist at the same time.
type Identity = (u64, u64);

impl OpenedFiles {
    /// Records the identities of open files. The files must stay open: only then no other file can get their inodes.
    pub(super) fn look(names: impl IntoIterator<Item = PathBuf>) -> Result<OpenedFiles, OpenError> {
        let look = |path: PathBuf| match identity(&path) {
            Ok(identity) => Ok((path, identity)),
            Err(source) => Err(OpenError::Io { path, source }),
        };
        Ok(OpenedFiles(names.into_iter().map(look).collect::<Result<_, _>>()?))
    }

    /// Fails with the path of the first file that is not in its place. Each file costs a `stat`, about a microsecond.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.0.iter().try_for_each(in_place)
    }

    /// Checks only the first of the files.
    pub(super) fn check_first(&self) -> Result<(), Error> {
        self.0.first().map_or(Ok(()), in_place)
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

fn identity(path: &PathBuf) -> io::Result<Identity> {
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}
