//! Makes a commit, and determines after a failed commit whether its writes are stored.
//!
//! A failed sync must not be repeated: the kernel may have dropped the pages and would report success. The outcome of
//! the writes is then unknown, and the store writes nothing more until a restart. If a commit fails before its sync
//! because the disk is full, it is rolled back, and it is certain that nothing was stored.

use std::path::Path;

use rusqlite::ffi;
use rusqlite::{Connection, ErrorCode};

use super::connection::execute;
use super::error::{self, StatementError};
use super::folder::PAGE_BYTES;
use super::layout::VERSION;
use super::opened::{CutError, OpenedFiles};
use crate::backend::Error;

/// Why a whole batch of writes failed.
#[derive(Debug)]
pub(super) struct BatchError {
    pub(super) error: Error,
    /// The reason why the store must stop writing, if it must.
    pub(super) end: Option<String>,
}

impl BatchError {
    /// An error after which the store may go on writing.
    pub(super) fn passing(error: impl Into<StatementError>) -> BatchError {
        BatchError { error: error.into().into(), end: None }
    }
}

/// Begins a transaction. Fails if the files were removed or replaced, because the next start would not find the commit.
pub(super) fn begin(connection: &Connection, files: &OpenedFiles) -> Result<(), BatchError> {
    files.check().map_err(BatchError::passing)?;
    execute(connection, "BEGIN IMMEDIATE").map_err(BatchError::passing)
}

/// Commits, then checks again that the files are in their places: one may have been removed during the commit.
pub(super) fn commit(connection: &Connection, files: &OpenedFiles) -> Result<(), BatchError> {
    if let Err(error) = execute(connection, "COMMIT") {
        return Err(take_back(connection, files, &error));
    }
    files.check().map_err(|error| BatchError::passing(Error::Unknown(error.to_string())))
}

/// Makes a write that changes nothing. It writes one page through the log to the disk, like every other commit.
pub(super) fn probe(connection: &Connection) -> Result<(), StatementError> {
    Ok(connection.pragma_update(None, "user_version", VERSION)?)
}

/// Rolls back a failed commit if that is possible, and determines its outcome.
pub(super) fn take_back(connection: &Connection, files: &OpenedFiles, error: &rusqlite::Error) -> BatchError {
    let unknown = |detail: &dyn std::fmt::Display, is_final: bool| BatchError {
        error: Error::Unknown(detail.to_string()),
        end: is_final.then(|| format!("a commit failed ({detail}); restart the host")),
    };
    let is_back = connection.is_autocommit() || execute(connection, "ROLLBACK").is_ok();
    let text = error::text(error);
    if !is_before_sync(error) || !is_back {
        return unknown(&text, true);
    }
    match cut_log(connection, files) {
        Ok(()) => BatchError::passing(Error::Unavailable(format!(
            "the disk is full ({text}); nothing was stored; free some space"
        ))),
        Err(CutError::Unsynced(failed)) => unknown(&failed, true),
        Err(CutError::Untouched(failed)) => unknown(&failed, false),
    }
}

/// Whether no sync failed in this commit. A write to a full disk is `SQLITE_FULL`; a write that exceeds a quota or a
/// limit on the file size is `SQLITE_IOERR_WRITE`. Both happen before the sync. The log's index (`SHM`) grows only after
/// the sync has succeeded.
fn is_before_sync(error: &rusqlite::Error) -> bool {
    let grows = [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE, ffi::SQLITE_IOERR_SHMMAP];
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
        || error.sqlite_error().is_some_and(|error| grows.contains(&error.extended_code))
}

/// Removes the frames of the failed commit from the log. SQLite would overwrite them later. Until then, a start after a
/// power cut could find the commit complete: if the last write stopped within a page, the old bytes behind it may
/// equal the missing ones.
pub(super) fn cut_log(connection: &Connection, files: &OpenedFiles) -> Result<(), CutError> {
    let frames = connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get::<_, u32>(1));
    let frames = frames.map_err(|error| CutError::Untouched(StatementError::from(error).into()))?;
    let log = format!("{}-wal", connection.path().unwrap_or_default());
    let committed = LOG_HEADER_BYTES + u64::from(frames) * (FRAME_HEADER_BYTES + u64::from(PAGE_BYTES));
    files.cut(Path::new(&log), committed)
}

/// See <https://sqlite.org/fileformat2.html#walformat>.
const LOG_HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;
