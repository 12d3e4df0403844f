//! The engine alone: the same file with the same settings, without the store that is built on it.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::tickets;
use crate::failure::Failure;

/// A connection that writes rows as the store's, of which the file has one at least.
pub(super) struct Bare {
    connection: Connection,
    row: Vec<Value>,
}

impl Bare {
    /// Opens a file that the store made and closed.
    pub(super) fn open(folder: &Path) -> Result<Bare, Failure> {
        let connection = Connection::open(folder.join("store.sqlite3"))?;
        connection.execute_batch(AS_THE_STORE)?;
        let columns = |row: &rusqlite::Row<'_>| (0..COLUMNS).map(|column| row.get(column)).collect();
        let row = connection.query_row("SELECT * FROM items LIMIT 1", [], columns)?;
        Ok(Bare { connection, row })
    }

    /// Stores rows under these numbers, all in one commit.
    pub(super) fn create(&mut self, numbers: impl Iterator<Item = u32>) -> Result<(), Failure> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO items VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
            for number in numbers {
                let key = [Value::Text(tickets::id(number))];
                insert.execute(params_from_iter(key.iter().chain(self.row.iter().skip(1))))?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// Reads the row under this number.
    pub(super) fn read(&self, number: u32) -> Result<(), Failure> {
        let mut read = self.connection.prepare_cached("SELECT * FROM items WHERE key = ?1")?;
        Ok(read.query_row([tickets::id(number)], |row| row.get::<_, String>(2).map(drop))?)
    }
}

/// Columns of the store's table of items.
const COLUMNS: usize = 8;

/// What the store sets on the connection that writes (`backend/embedded/connection.rs`).
const AS_THE_STORE: &str = "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA journal_mode = WAL; \
    PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000; PRAGMA cache_size = -65536;";
