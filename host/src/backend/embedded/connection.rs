//! Opens connections to the file, with the settings on which the store's promises depend.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

use super::error::{OpenError, StatementError};
use super::folder::PAGE_BYTES;
use super::layout::{self, APPLICATION_ID, Layout, VERSION};
use crate::backend::Error;

/// A pragma, its value, and the text that SQLite returns if it has accepted the value.
type Setting = (&'static str, &'static str, &'static str);

/// Settings of every connection. `mmap_size` is 0 because a mapped file counts as memory of the process, once for each
/// connection.
const COMMON: [Setting; 3] =
    [("busy_timeout", "5000", "5000"), ("mmap_size", "0", "0"), ("temp_store", "MEMORY", "2")];

/// Settings of the connection that writes. FULL syncs the log at every commit. With NORMAL, a power failure would lose
/// acknowledged writes.
const WRITER: [Setting; 7] = [
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", "2"),
    ("fullfsync", FULL_SYNC.0, FULL_SYNC.1),
    ("checkpoint_fullfsync", FULL_SYNC.0, FULL_SYNC.1),
    ("wal_autocheckpoint", "1000", "1000"),
    // A long read makes the log grow. After the read has ended, the second commit shortens the file to this size.
    ("journal_size_limit", "8388608", "8388608"),
    ("cache_size", "-32768", "-32768"),
];

/// On macOS, a plain sync does not reach the disk.
const FULL_SYNC: (&str, &str) = if cfg!(target_os = "macos") { ("ON", "1") } else { ("OFF", "0") };

/// Settings of the connections that read.
const READER: [Setting; 2] = [("cache_size", "-4096", "-4096"), ("query_only", "ON", "1")];

/// Settings that every file of the store has had since it was created.
const HEADER: [(&str, &str); 2] = [("encoding", "UTF-8"), ("auto_vacuum", "0")];

/// Opens the only connection that writes. The file must be new or belong to Portdesk; afterwards it has the layout.
pub(super) fn writer(path: &Path, layout: &Layout) -> Result<Connection, OpenError> {
    let mut connection = open(path)?;
    let failed = |error: StatementError| OpenError::of(error, path);
    // This check comes before the settings, so that another program's file stays unchanged.
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

/// Opens a connection that reads.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let connection = open(path)?;
    apply(&connection, path, &READER)?;
    Ok(connection)
}

/// Merges the log that an earlier process left, if there is one. A sync of that process may have failed. Then the kernel
/// shows bytes as written that are not on the disk, no later sync writes them, and a power cut takes every later commit in
/// the log away with them. The merge writes the bytes once more.
pub(super) fn merge_log(connection: &Connection) -> Result<(), StatementError> {
    let merge = "PRAGMA wal_checkpoint(TRUNCATE)";
    if connection.query_row(merge, [], |row| row.get::<_, bool>(0))? {
        let text = "another program reads the file, so its log cannot be merged; end that program";
        return Err(Error::Unavailable(text.to_owned()).into());
    }
    Ok(())
}

/// An empty store in memory, with the same settings of its pages as a file.
pub(super) fn empty(layout: &Layout) -> Result<Connection, StatementError> {
    let mut connection = Connection::open_in_memory()?;
    connection.execute_batch(&format!("PRAGMA page_size = {PAGE_BYTES}"))?;
    layout.create(&mut connection)?;
    Ok(connection)
}

/// Runs a statement without parameters and rows. Each connection prepares the statement once, whereas rusqlite's own
/// transactions are parsed anew each time.
pub(super) fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

fn open(path: &Path) -> Result<Connection, OpenError> {
    let failed = |error: rusqlite::Error| OpenError::of(error, path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    // The cache must hold all statements, and each index of a schema has four.
    connection.set_prepared_statement_cache_capacity(128);
    // With this setting, plans depend only on the schema (sqlite.org/queryplanner-ng.html#qpsg). Without it, SQLite parses
    // and plans a statement anew whenever a limit is bound, which takes as long as reading the page.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
    // Only `writer` merges the log when it closes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(failed)?;
    apply(&connection, path, &COMMON)?;
    Ok(connection)
}

/// Whether the file was never used. Fails if the file belongs to another program or a newer version.
fn is_new(connection: &Connection, path: &Path) -> Result<bool, OpenError> {
    let number = |name| {
        let read = connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        read.map_err(|error| OpenError::of(error, path))
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
        connection.execute_batch(&sql).map_err(|error| OpenError::of(error, path))?;
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
    let found = match read.map_err(|error| OpenError::of(error, path))? {
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
