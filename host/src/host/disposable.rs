//! Keeps controls, which remove items, away from a data folder with items that somebody needs.
//!
//! A folder is marked as disposable while it is empty, or by the user. From then on the host may remove its items.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::files::replace;

/// Marks the folder of an embedded store as disposable, unless the store has items and the folder is not marked.
///
/// Call this while this process has locked the folder. Otherwise the mark could meet the items of another host.
pub(super) fn claim(folder: &Path) -> Result<(), DisposableError> {
    let mark = folder.join(MARK);
    if mark.try_exists().map_err(DisposableError::Unseen)? {
        return Ok(());
    }
    if has_items(folder).map_err(DisposableError::Unread)? {
        return Err(DisposableError::HasItems { folder: folder.to_owned(), mark });
    }
    replace(&mark, NOTE.as_bytes()).map_err(|error| DisposableError::Unmarked(error.to_string()))
}

fn has_items(folder: &Path) -> rusqlite::Result<bool> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join("store.sqlite3"), flags)?;
    connection.query_row("SELECT EXISTS(SELECT 1 FROM items)", [], |row| row.get(0))
}

/// Why controls are not allowed over a data folder.
#[derive(Debug, thiserror::Error)]
pub enum DisposableError {
    /// The folder has items and is not marked.
    #[error(
        "--controls: {} has items, which controls could remove. Name an empty folder with --data-dir. If nobody needs these \
         items, create the empty file {} and start again", folder.display(), mark.display()
    )]
    HasItems {
        /// The data folder.
        folder: PathBuf,
        /// The file to create.
        mark: PathBuf,
    },
    /// The folder cannot be looked at.
    #[error("--controls: the data folder cannot be read ({0})")]
    Unseen(io::Error),
    /// The store cannot be read.
    #[error("--controls: the store cannot be read, so it is unknown whether it has items ({0})")]
    Unread(rusqlite::Error),
    /// The mark cannot be made.
    #[error("--controls: the file `disposable` cannot be made in the data folder: {0}")]
    Unmarked(String),
}

const MARK: &str = "disposable";
const NOTE: &str =
    "A host with --controls may remove all items of this folder. Remove this file to keep them.\n";
