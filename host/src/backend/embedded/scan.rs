//! Reads everything in a store, and checks that nothing is missing.

use std::ops::Range;
use std::sync::Arc;

use rusqlite::Connection;

use super::error::StatementError;
use super::items;
use super::row::{self, ENTRY_COLUMNS, ITEM_COLUMNS, ItemRow, Placed};
use crate::backend::{Error, Item};
use crate::state::Keys;
use crate::state::hash::{self, Hasher};
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
    let mut scan = Scan { items: Vec::with_capacity(found.len()), records: Vec::with_capacity(found.len()) };
    with_entries(connection, |entries| {
        for (key, record) in found {
            let lists = items::in_lists(&key, &record.counts, entries.of(&key)?)?;
            let fields = Arc::clone(&record.fields);
            scan.items.push(Item { key, version: record.version, fields, lists });
            scan.records.push(record);
        }
        Ok(())
    })?;
    Ok(scan)
}

/// Checks everything as [`all`] does. Returns the number of items and the hash of the state, and does not build the items,
/// which would take longer than all checks.
pub(super) fn verified(connection: &Connection, limit_bytes: usize) -> Result<(u64, String), StatementError> {
    check_twins(connection)?;
    let mut written = Written::default();
    each_row(connection, limit_bytes, |row| written.add(row))?;
    let Written { bytes, mut items } = written;
    let key = |item: &WrittenItem| bytes.get(item.key.clone()).unwrap_or_default();
    items.sort_unstable_by(|one, other| key(one).cmp(key(other)));
    if !items.is_sorted_by(|before, item| key(before) < key(item)) {
        return Err(twice().into());
    }
    let mut hasher = Hasher::new(Keys::Exact, items.len());
    with_entries(connection, |entries| {
        for item in &items {
            // The bytes of a key are those of a text.
            let key = str::from_utf8(key(item)).unwrap_or_default();
            let found = entries.of(key)?;
            hasher.add_written(bytes.get(item.all.clone()).unwrap_or_default());
            let lists = items::in_lists(key, &item.counts, found)?;
            hasher.add(|bytes| hash::lists(bytes, &lists));
        }
        Ok(())
    })?;
    Ok((items.len() as u64, hasher.finish()))
}

/// Items as the hash of a state takes them, without their lists.
#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    items: Vec<WrittenItem>,
}

/// An item, and where it is written.
struct WrittenItem {
    key: Range<usize>,
    all: Range<usize>,
    counts: Vec<(String, u32)>,
}

impl Written {
    fn add(&mut self, row: &ItemRow<'_>) -> Result<(), StatementError> {
        let bytes = &mut self.bytes;
        let begin = bytes.len();
        hash::text(bytes, row.key);
        let (key, number_at) = (bytes.len() - row.key.len()..bytes.len(), bytes.len());
        bytes.extend_from_slice(&[0; hash::NUMBER_BYTES]);
        let mut number = 0;
        let read = row::each_pair(row.fields, |name, value| {
            hash::text(bytes, name);
            hash::text(bytes, value);
            number += 1;
        });
        read.ok_or_else(|| row.damaged())?;
        if let Some(place) = bytes.get_mut(number_at..number_at + hash::NUMBER_BYTES) {
            place.copy_from_slice(&hash::in_bytes(number));
        }
        self.items.push(WrittenItem { key, all: begin..bytes.len(), counts: row.counts()? });
        Ok(())
    }
}

/// Whether there is no item, neither in the table nor in the copy of its keys, which shows rows that damage hides.
pub(super) fn is_empty(connection: &Connection) -> Result<bool, StatementError> {
    let none = "NOT EXISTS (SELECT 1 FROM items";
    let sql = format!("SELECT {none} NOT INDEXED) AND {none} INDEXED BY items_twin WHERE key >= '')");
    Ok(connection.query_row(&sql, [], |row| row.get(0))?)
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

fn records(connection: &Connection, limit_bytes: usize) -> Result<Vec<(String, Record)>, StatementError> {
    let mut records = Vec::new();
    each_row(connection, limit_bytes, |row| {
        records.push((row.key.to_owned(), row.record()?));
        Ok(())
    })?;
    records.sort_by(|(one, _), (other, _)| one.cmp(other));
    let is_sorted = records.is_sorted_by(|(before, _), (key, _)| before < key);
    if is_sorted { Ok(records) } else { Err(twice().into()) }
}

/// Reads the rows in the order of the table, because that of the keys would read the table's pages in random order.
fn each_row(
    connection: &Connection,
    limit_bytes: usize,
    mut each: impl FnMut(&ItemRow<'_>) -> Result<(), StatementError>,
) -> Result<(), StatementError> {
    let mut statement = connection.prepare(&format!("SELECT {ITEM_COLUMNS} FROM items NOT INDEXED"))?;
    let mut rows = statement.query([])?;
    let mut bytes = 0_usize;
    while let Some(row) = rows.next()? {
        let row = ItemRow::read(row)?;
        bytes = bytes.saturating_add(usize::try_from(row.size).unwrap_or(usize::MAX));
        if bytes > limit_bytes {
            let text = format!("the items have more than the {limit_bytes} bytes that can be read at once");
            return Err(Error::Invalid(text).into());
        }
        each(&row)?;
    }
    Ok(())
}

fn twice() -> Error {
    Error::Corrupt("an item is stored twice".to_owned())
}

/// Lets `work` take all entries, item by item. Fails if it leaves some.
fn with_entries(
    connection: &Connection,
    work: impl FnOnce(&mut Entries<'_>) -> Result<(), StatementError>,
) -> Result<(), StatementError> {
    let mut statement = connection.prepare(&format!("SELECT {ENTRY_COLUMNS} FROM entries NOT INDEXED"))?;
    let mut entries = Entries { rows: statement.query([])?, next: None };
    entries.advance()?;
    work(&mut entries)?;
    let left_over = |(key, _)| Error::Corrupt(format!("there is an entry of item {key:?}, which is missing"));
    entries.next.map(left_over).map_or(Ok(()), |error| Err(error.into()))
}

/// All entries, in the order of the keys of their items.
struct Entries<'a> {
    rows: rusqlite::Rows<'a>,
    /// The next entry with the key of its item.
    next: Option<(String, Placed)>,
}

impl Entries<'_> {
    /// Takes the entries of an item. The items must come by key ascending.
    fn of(&mut self, key: &str) -> Result<Vec<Placed>, StatementError> {
        let mut entries = Vec::new();
        while let Some((_, placed)) = self.next.take_if(|(owner, _)| owner == key) {
            entries.push(placed);
            self.advance()?;
        }
        Ok(entries)
    }

    fn advance(&mut self) -> Result<(), StatementError> {
        self.next = match self.rows.next()? {
            Some(row) => Some((row::text(row, 0)?.to_owned(), row::entry(row)?)),
            None => None,
        };
        Ok(())
    }
}
