//! Connections to the file, and the settings that the promises rest on.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

use super::error::OpenError;
use super::folder::PAGE_BYTES;
use super::layout::{self, APPLICATION_ID, Layout, VERSION};
use crate::backend::Error;

/// A pragma, what it is set to, and what SQLite says when it took it.
type Setting = (&'static str, &'static str, &'static str);

/// For every connection. A file mapped into memory would count as memory of the process, once a connection.
const COMMON: [Setting; 3] =
    [("busy_timeout", "5000", "5000"), ("mmap_size", "0", "0"), ("temp_store", "MEMORY", "2")];

/// For the connection that writes. FULL syncs the log at every commit; with NORMAL, acknowledged writes are lost
/// when the power fails.
const WRITER: [Setting; 7] = [
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", "2"),
    ("fullfsync", FULL_SYNC.0, FULL_SYNC.1),
    ("checkpoint_fullfsync", FULL_SYNC.0, FULL_SYNC.1),
    ("wal_autocheckpoint", "1000", "1000"),
    // A reader that took long made the log long. When it is gone, the second commit shortens the file to this.
    ("journal_size_limit", "8388608", "8388608"),
    ("cache_size", "-32768", "-32768"),
];

/// A plain sync does not reach the disk on macOS.
const FULL_SYNC: (&str, &str) = if cfg!(target_os = "macos") { ("ON", "1") } else { ("OFF", "0") };

/// For the connections that read.
const READER: [Setting; 2] = [("cache_size", "-4096", "-4096"), ("query_only", "ON", "1")];

/// What a file of ours has from its beginning.
const HEADER: [(&str, &str); 2] = [("encoding", "UTF-8"), ("auto_vacuum", "0")];

/// The one connection that writes, to a file that is ours or empty and that has the layout afterwards.
pub(super) fn writer(path: &Path, layout: &Layout) -> Result<Connection, OpenError> {
    let mut connection = open(path)?;
    let failed = |error: Error| OpenError::of(error, path);
    // Before anything is set: another program's file stays as it is.
    let is_new = is_new(&connection, path)?;
    if is_new {
        let sql = format!("PRAGMA page_size = {PAGE_BYTES}");
        connection.execute_batch(&sql).map_err(|error| failed(error.into()))?;
    }
    apply(&connection, path, &WRITER)?;
    for (name, wanted) in HEADER {
        expect(&connection, path, name, wanted)?;
    }
    if is_new { layout.create(&mut connection) } else { layout.ensure_indexes(&mut connection) }
        .map_err(failed)?;
    Ok(connection)
}

/// A connection that reads.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let connection = open(path)?;
    apply(&connection, path, &READER)?;
    Ok(connection)
}

/// Runs a statement without values or rows, which is prepared once for a connection: rusqlite's own transactions are
/// parsed anew each time.
pub(super) fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

fn open(path: &Path) -> Result<Connection, OpenError> {
    let failed = |error: rusqlite::Error| OpenError::of(error.into(), path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    // Each index of a schema has four statements.
    connection.set_prepared_statement_cache_capacity(128);
    // Plans hang on the schema alone (sqlite.org/queryplanner-ng.html#qpsg). Without this a statement is parsed and planned
    // anew whenever a limit is bound, which takes as long as to read the page.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
    // `writer` merges the log when it closes in order, and nobody else ever does.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(failed)?;
    apply(&connection, path, &COMMON)?;
    Ok(connection)
}

/// Whether the file was never used; an error where it is not ours.
fn is_new(connection: &Connection, path: &Path) -> Result<bool, OpenError> {
    let number = |name| {
        let read = connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        read.map_err(|error| OpenError::of(error.into(), path))
    };
    let (application_id, found) = (number("application_id")?, number("user_version")?);
    let path = path.to_owned();
    if application_id == 0
        && found == 0
        && layout::is_empty(connection).map_err(|e| OpenError::of(e, &path))?
    {
        return Ok(true);
    }
    if application_id != APPLICATION_ID {
        return Err(OpenError::Foreign { path, application_id });
    }
    if found > VERSION {
        return Err(OpenError::Newer { path, found, known: VERSION });
    }
    if found < VERSION {
        return Err(OpenError::Damaged { path, detail: format!("there is no layout {found}") });
    }
    Ok(false)
}

fn apply(connection: &Connection, path: &Path, settings: &[Setting]) -> Result<(), OpenError> {
    for (name, value, wanted) in settings {
        let sql = format!("PRAGMA {name} = {value}");
        connection.execute_batch(&sql).map_err(|error| OpenError::of(error.into(), path))?;
        expect(connection, path, name, wanted)?;
    }
    Ok(())
}

fn expect(
    connection: &Connection,
    path: &Path,
    name: &'static str,
    wanted: &'static str,
) -> Result<(), OpenError> {
    let read = connection.pragma_query_value(None, name, |row| row.get::<_, Value>(0));
    let found = match read.map_err(|error| OpenError::of(error.into(), path))? {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text,
        other @ (Value::Blob(_) | Value::Null | Value::Real(_)) => format!("{other:?}"),
    };
    if found == wanted {
        Ok(())
    } else {
        Err(OpenError::Setting { path: path.to_owned(), name, wanted, found })
    }
}
