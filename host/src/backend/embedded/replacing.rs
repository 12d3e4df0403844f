//! Replaces the whole content of the file in one transaction, with SQLite's backup interface.
//!
//! This runs on the connection that writes. From another connection it would have to wait for that connection's
//! transactions, and it could wait forever.

use std::ffi::c_int;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::committing::{BatchError, take_back};
use super::error::StatementError;
use super::opened::OpenedFiles;
use crate::backend::Error;

/// Replaces the content of `connection` with that of `content`, a store in memory, and syncs it. Readers that are in the
/// middle of a read keep what they see. After an error the content is unchanged, unless the error is [`Error::Unknown`].
pub(super) fn replace(
    connection: &mut Connection,
    content: &Connection,
    files: &OpenedFiles,
) -> Result<(), BatchError> {
    files.check().map_err(BatchError::passing)?;
    let items = count(content).map_err(BatchError::passing)?;
    match copy(connection, content) {
        Ok(()) => {}
        Err(CopyError::Refused(error)) => return Err(BatchError::passing(error)),
        Err(CopyError::Failed(error)) => return Err(take_back(connection, files, &error)),
    }
    // The content has changed now, so every further error leaves it unknown what the next start will find.
    let unknown = |error: Error| BatchError::passing(Error::Unknown(error.to_string()));
    files.check().map_err(unknown)?;
    let found = count(connection).map_err(|StatementError(error)| unknown(error))?;
    if found == items {
        return Ok(());
    }
    let text = format!("the store has {found} items after its content was replaced by {items} items");
    Err(unknown(Error::Corrupt(text)))
}

/// Why a copy failed. In both cases SQLite has rolled back what it could.
enum CopyError {
    /// The copy did not begin to commit.
    Refused(Error),
    /// A step failed. It may have been the last one, which commits.
    Failed(rusqlite::Error),
}

/// Copies all pages. The number of steps has a bound: SQLite returns `BUSY` only after the time of `busy_timeout`, and then
/// the copy ends instead of being repeated.
fn copy(connection: &mut Connection, content: &Connection) -> Result<(), CopyError> {
    let begun = Backup::new(content, connection);
    let backup = begun.map_err(|error| CopyError::Refused(StatementError::from(error).into()))?;
    let refused = |text: &str| Err(CopyError::Refused(Error::Unavailable(text.to_owned())));
    let mut steps = 0;
    loop {
        match backup.step(STEP_PAGES) {
            Ok(StepResult::Done) => return Ok(()),
            Ok(StepResult::More) if steps < STEPS_LIMIT => steps += 1,
            Ok(StepResult::More) => return refused("the new content has too many pages"),
            Ok(_) => return refused("another program writes into the store's file; end that program"),
            Err(error) => return Err(CopyError::Failed(error)),
        }
    }
}

fn count(connection: &Connection) -> Result<i64, StatementError> {
    Ok(connection.query_row("SELECT count(*) FROM items", [], |row| row.get(0))?)
}

/// The pages of one step: 4 MiB.
const STEP_PAGES: c_int = 1024;
/// The most steps: enough for 1 GiB, four times as much as all snapshots together may have.
const STEPS_LIMIT: u32 = 256;
