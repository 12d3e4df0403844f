//! One commit: what is certain about it afterwards, and what is not.
//!
//! A sync that failed must not be tried again: the kernel may have dropped the pages and report success. What was to
//! be committed is then unknown, and the store writes nothing more until a restart. A commit that did not get as far
//! as its sync, because the disk is full, is taken back and is certain not to be stored.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use rusqlite::ffi;
use rusqlite::{Connection, ErrorCode};

use super::connection::execute;
use super::error;
use super::folder::PAGE_BYTES;
use super::layout::VERSION;
use super::opened::OpenedFiles;
use crate::backend::Error;

/// What befell a whole batch.
#[derive(Debug)]
pub(super) struct BatchError {
    pub(super) error: Error,
    /// Why nothing may be written any more, where that is so.
    pub(super) end: Option<String>,
}

impl BatchError {
    pub(super) fn passing(error: impl Into<Error>) -> BatchError {
        BatchError { error: error.into(), end: None }
    }
}

/// Begins a transaction, unless its commit would go into files that nobody finds again.
pub(super) fn begin(connection: &Connection, files: &OpenedFiles) -> Result<(), BatchError> {
    files.check().map_err(BatchError::passing)?;
    execute(connection, "BEGIN IMMEDIATE").map_err(BatchError::passing)
}

/// Commits, and looks whether the files are still in their places: the commit may be in one that was just removed.
pub(super) fn commit(connection: &Connection, files: &OpenedFiles) -> Result<(), BatchError> {
    if let Err(error) = execute(connection, "COMMIT") {
        return Err(take_back(connection, &error));
    }
    files.check().map_err(|error| BatchError::passing(Error::Unknown(error.to_string())))
}

/// A write that changes nothing: one page goes through the log to the disk, as in every other commit.
pub(super) fn probe(connection: &Connection) -> Result<(), Error> {
    Ok(connection.pragma_update(None, "user_version", VERSION)?)
}

/// What is true after a commit that failed.
fn take_back(connection: &Connection, error: &rusqlite::Error) -> BatchError {
    let unknown = |detail: &dyn std::fmt::Display, is_final: bool| BatchError {
        error: Error::Unknown(detail.to_string()),
        end: is_final.then(|| format!("a commit failed ({detail}); restart the host")),
    };
    let is_back = connection.is_autocommit() || execute(connection, "ROLLBACK").is_ok();
    let text = error::text(error);
    if !is_before_sync(error) || !is_back {
        return unknown(&text, true);
    }
    match cut_log(connection) {
        Ok(()) => BatchError::passing(Error::Unavailable(format!(
            "the disk takes no more ({text}); nothing was stored; free some space"
        ))),
        Err(CutError::Unsynced(failed)) => unknown(&failed, true),
        Err(CutError::Untouched(failed)) => unknown(&failed, false),
    }
}

/// Whether a commit failed at a write, before SQLite asked for a sync. A write that finds no room is `SQLITE_FULL`; one
/// that exceeds a quota or a limit on the size of a file is `SQLITE_IOERR_WRITE`. The index of the log grows only after
/// the sync, which then went well; so it is certain there too that no sync failed.
fn is_before_sync(error: &rusqlite::Error) -> bool {
    let grows = [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE, ffi::SQLITE_IOERR_SHMMAP];
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
        || error.sqlite_error().is_some_and(|error| grows.contains(&error.extended_code))
}

/// Why the end of the log may still hold what was taken back.
#[derive(Debug)]
pub(super) enum CutError {
    /// A sync failed.
    Unsynced(io::Error),
    /// It could not be shortened.
    Untouched(Error),
}

/// Removes from the log what the commit wrote. SQLite would overwrite it some time; until then, a start after a power cut
/// could find it complete: where a write stopped within a page, what lay behind may be what it was to write.
///
/// Another file descriptor of the log does no harm: SQLite's locks are on other files.
pub(super) fn cut_log(connection: &Connection) -> Result<(), CutError> {
    let untouched = |error: io::Error| CutError::Untouched(Error::Unavailable(error.to_string()));
    let frames = connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get::<_, u32>(1));
    let frames = frames.map_err(|error| CutError::Untouched(error.into()))?;
    let path = format!("{}-wal", connection.path().unwrap_or_default());
    let log = OpenOptions::new().write(true).open(Path::new(&path)).map_err(untouched)?;
    let committed = LOG_HEADER_BYTES + u64::from(frames) * (FRAME_HEADER_BYTES + u64::from(PAGE_BYTES));
    if log.metadata().map_err(untouched)?.len() <= committed {
        return Ok(());
    }
    log.set_len(committed).map_err(untouched)?;
    log.sync_all().map_err(CutError::Unsynced)
}

/// sqlite.org/fileformat2.html#walformat
const LOG_HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;
