//! The engine alone: SQLite on the same file with the same settings, without the store.

use std::path::Path;

use anyhow::Result;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::tickets;

/// A connection that writes the same rows as the store.
pub(super) struct Bare {
    connection: Connection,
    /// The column of fields in the row of ticket 0, and the columns after it. All other rows are made from this row.
    fields: String,
    rest: Vec<Value>,
}

impl Bare {
    /// Opens a file that the store made and that no host has open. It must have ticket 0.
    pub(super) fn open(folder: &Path) -> Result<Bare> {
        let connection = Connection::open(folder.join("store.sqlite3"))?;
        connection.execute_batch(AS_THE_STORE)?;
        let columns = |row: &rusqlite::Row<'_>| {
            let rest = (FIELDS + 1..COLUMNS).map(|column| row.get(column)).collect::<rusqlite::Result<_>>();
            Ok((row.get(FIELDS)?, rest?))
        };
        let (fields, rest) =
            connection.query_row("SELECT * FROM items WHERE key = ?1", [tickets::id(0)], columns)?;
        Ok(Bare { connection, fields, rest })
    }

    /// Stores the rows with these numbers in one commit.
    pub(super) fn create(&mut self, numbers: impl Iterator<Item = u32>) -> Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO items VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
            for number in numbers {
                // The row gets the same place in the indexes as a row of the store, because the cost depends on it.
                let fields = self.fields.replace(&tickets::caller(0), &tickets::caller(number));
                let fields = fields.replace(&tickets::made(0), &tickets::made(number));
                let first = [tickets::id(number).into(), 1.into(), fields.into()];
                insert.execute(params_from_iter(first.iter().chain(&self.rest)))?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// Reads the row with this number.
    pub(super) fn read(&self, number: u32) -> Result<()> {
        let mut read = self.connection.prepare_cached("SELECT * FROM items WHERE key = ?1")?;
        Ok(read.query_row([tickets::id(number)], |row| row.get::<_, String>(2).map(drop))?)
    }
}

/// The number of columns in the store's table of items, and the position of the column with the fields.
const COLUMNS: usize = 8;
const FIELDS: usize = 2;

/// The settings of the store's connection that writes (`backend/embedded/connection.rs`).
const AS_THE_STORE: &str = "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA journal_mode = WAL; \
    PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000; PRAGMA cache_size = -32768;";

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn the_engine_alone_writes_the_same_rows_as_the_store() {
        let rows = |folder: &Path| {
            let connection = Connection::open(folder.join("store.sqlite3")).unwrap();
            let mut read =
                connection.prepare("SELECT key, version, fields, counts, size FROM items").unwrap();
            let rows = read.query_map([], |row| (0..5).map(|column| row.get(column)).collect()).unwrap();
            rows.collect::<rusqlite::Result<Vec<Vec<Value>>>>().unwrap()
        };
        let (by_store, by_engine) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        tickets::fill(by_store.path(), 9).unwrap();
        tickets::fill(by_engine.path(), 1).unwrap();
        Bare::open(by_engine.path()).unwrap().create(1..9).unwrap();
        assert_eq!(rows(by_engine.path()), rows(by_store.path()));
    }
}
