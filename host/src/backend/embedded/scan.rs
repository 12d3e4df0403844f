//! Reads everything in a store, and checks that nothing is missing.

use std::sync::Arc;

use rusqlite::Connection;

use super::error::StatementError;
use super::items;
use super::row::{self, ENTRY_COLUMNS, ITEM_COLUMNS, Placed};
use crate::backend::{Error, Item};
use ::items::memory::MemoryItems;
use ::items::record::Record;

/// Everything in a store.
#[derive(Debug)]
pub(super) struct Scan {
    /// The items by key ascending.
    pub(super) items: Vec<Item>,
    /// Their records, in the same order.
    records: Vec<Record>,
}

impl Scan {
    /// Fills an empty store in memory.
    pub(super) fn load(self, mut empty: MemoryItems) -> MemoryItems {
        for (item, record) in self.items.into_iter().zip(self.records) {
            empty.load(&item.key, record, item.lists);
        }
        empty
    }
}

/// Reads everything. Checks every checksum, and that no row is hidden by damage or left over. Fails if the items have more
/// than `limit_bytes`. The caller holds a transaction, or nobody else has the connection's data.
pub(super) fn all(connection: &Connection, limit_bytes: usize) -> Result<Scan, StatementError> {
    check_twins(connection)?;
    let found = records(connection, limit_bytes)?;
    let mut statement = connection.prepare(&format!("SELECT {ENTRY_COLUMNS} FROM entries NOT INDEXED"))?;
    let mut rows = statement.query([])?;
    let mut next = next_entry(&mut rows)?;
    let mut scan = Scan { items: Vec::with_capacity(found.len()), records: Vec::with_capacity(found.len()) };
    for (key, record) in found {
        let mut entries = Vec::new();
        while let Some((_, placed)) = next.take_if(|(owner, _)| *owner == key) {
            entries.push(placed);
            next = next_entry(&mut rows)?;
        }
        let lists = items::in_lists(&key, &record, entries)?;
        scan.items.push(Item { key, version: record.version, fields: Arc::clone(&record.fields), lists });
        scan.records.push(record);
    }
    let left_over = |(key, _)| Error::Corrupt(format!("there is an entry of item {key:?}, which is missing"));
    next.map(left_over).map_or(Ok(scan), |error| Err(error.into()))
}

/// Checks that each table has as many rows as the copy of its keys. A flipped byte in an inner page hides the rows below it,
/// and the checksums of the rows cannot detect that.
pub(super) fn check_twins(connection: &Connection) -> Result<(), StatementError> {
    for (table, twin) in [("items", "items_twin"), ("entries", "entries_twin")] {
        // The condition holds for every row. Without it, SQLite would count the smallest tree in both cases.
        let count = |tree: &str| {
            let sql = format!("SELECT count(*) FROM {table} {tree} WHERE key >= ''");
            connection.query_row(&sql, [], |row| row.get::<_, i64>(0))
        };
        let (rows, keys) = (count("NOT INDEXED")?, count(&format!("INDEXED BY {twin}"))?);
        if rows != keys {
            let text = format!("{table} has {rows} rows, but the copy of its keys has {keys}");
            return Err(Error::Corrupt(text).into());
        }
    }
    Ok(())
}

/// The rows are read in the order of the table, because that of the keys would read the table's pages in random order.
fn records(connection: &Connection, limit_bytes: usize) -> Result<Vec<(String, Record)>, StatementError> {
    let mut statement = connection.prepare(&format!("SELECT {ITEM_COLUMNS} FROM items NOT INDEXED"))?;
    let mut rows = statement.query([])?;
    let mut records = Vec::new();
    let mut bytes = 0_usize;
    while let Some(row) = rows.next()? {
        let (key, record) = row::item(row)?;
        bytes = bytes.saturating_add(record.size);
        if bytes > limit_bytes {
            let text = format!("the items have more than the {limit_bytes} bytes that can be read at once");
            return Err(Error::Invalid(text).into());
        }
        records.push((key, record));
    }
    records.sort_by(|(one, _), (other, _)| one.cmp(other));
    if records.is_sorted_by(|(before, _), (key, _)| before < key) {
        return Ok(records);
    }
    Err(Error::Corrupt("an item is stored twice".to_owned()).into())
}

/// The next entry with the key of its item, in the order of the keys.
fn next_entry(rows: &mut rusqlite::Rows<'_>) -> Result<Option<(String, Placed)>, StatementError> {
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some((row::text(row, 0)?.to_owned(), row::entry(row)?)))
}
