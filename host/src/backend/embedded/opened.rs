//! Whether the files that the store has open are still those that the next start will find.
//!
//! A file that somebody removes or replaces stays with who has it open. A write into it succeeds, is synced, and is gone
//! when this process ends.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::error::OpenError;
use crate::backend::Error;

/// Names of files, and which file each of them named when the store was opened.
#[derive(Debug)]
pub(super) struct OpenedFiles(Vec<(PathBuf, Identity)>);

/// What tells a file from every other that exists at the same time: its device and its inode.
type Identity = (u64, u64);

impl OpenedFiles {
    /// Looks at files that are open and stay open: until they are closed no other file gets their inodes.
    pub(super) fn look(names: impl IntoIterator<Item = PathBuf>) -> Result<OpenedFiles, OpenError> {
        let look = |path: PathBuf| match identity(&path) {
            Ok(identity) => Ok((path, identity)),
            Err(source) => Err(OpenError::Io { path, source }),
        };
        Ok(OpenedFiles(names.into_iter().map(look).collect::<Result<_, _>>()?))
    }

    /// An error that names the first file that is not in its place. One `stat` a file, about a microsecond each.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.0.iter().try_for_each(in_place)
    }

    /// The same for the first of the files alone.
    pub(super) fn check_first(&self) -> Result<(), Error> {
        self.0.first().map_or(Ok(()), in_place)
    }
}

fn in_place((path, opened): &(PathBuf, Identity)) -> Result<(), Error> {
    let found = match identity(path) {
        Ok(found) if found == *opened => return Ok(()),
        Ok(_) => "is another file now".to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => "was removed or renamed".to_owned(),
        Err(error) => format!("cannot be looked at ({error})"),
    };
    let path = path.display();
    Err(Error::Unavailable(format!(
        "{path} {found} while this host has it open, so the next start would not find what is written; put it back or \
         restart the host"
    )))
}

fn identity(path: &PathBuf) -> io::Result<Identity> {
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}
