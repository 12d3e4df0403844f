//! Reads and writes items and entries on one connection.
//!
//! The caller holds a transaction, so all reads see the same state, and the caller commits the writes later.

use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::connection::execute;
use super::error::StatementError;
use super::row::{self, ENTRY_COLUMNS, ITEM_COLUMNS, Placed};
use crate::backend::{Append, Change, Entry, Error, Fields, Insert, Item, Update};
use items::record::{Record, Verdict};

/// The item under `key`, with its entries.
pub(super) fn get(connection: &Connection, key: &str) -> Result<Option<Item>, StatementError> {
    find(connection, key)?.map(|record| whole(connection, key, record)).transpose()
}

/// Checks that items can be read. It does not check that they are undamaged: one damaged item is not an outage.
pub(super) fn probe(connection: &Connection) -> Result<(), StatementError> {
    connection.prepare_cached("SELECT 1 FROM items LIMIT 1")?.query([])?.next()?;
    Ok(())
}

/// Stores a new item unless the key is taken.
pub(super) fn insert(
    connection: &Connection,
    key: &str,
    fields: Fields,
    change: &str,
) -> Result<Insert, StatementError> {
    let new = Record::new(key, fields, change.to_owned())?;
    if let Some(record) = find(connection, key)? {
        let same = record.insert_change == change;
        let item = whole(connection, key, record)?;
        return Ok(if same { Insert::Repeated(item) } else { Insert::Exists(item) });
    }
    connection.prepare_cached(&INSERT_ITEM)?.execute(row::item_values(key, &new)?)?;
    Ok(Insert::Inserted(new.version))
}

/// Applies a change to the item under `key`.
pub(super) fn update(connection: &Connection, key: &str, change: &Change) -> Result<Update, StatementError> {
    let Some(record) = find(connection, key)? else { return Ok(Update::Missing) };
    let known = match &change.append {
        Some(append) if record.count(&append.list) > 0 => find_entry(connection, key, append)?,
        _ => None,
    };
    match record.judge(change, known) {
        Verdict::Duplicate(entry) => Ok(Update::Duplicate(entry)),
        Verdict::Repeated => Ok(Update::Updated(record.version)),
        Verdict::Stale => Ok(Update::Stale(whole(connection, key, record)?)),
        Verdict::Refused => Ok(Update::Refused(whole(connection, key, record)?)),
        Verdict::Full => Ok(Update::Full),
        Verdict::Applied(next) => {
            match &change.append {
                Some(append) => store_both(connection, key, append, &next)?,
                None => store(connection, key, &next)?,
            }
            Ok(Update::Updated(next.version))
        }
    }
}

/// The item under `key` without its entries.
fn find(connection: &Connection, key: &str) -> Result<Option<Record>, StatementError> {
    let mut statement = connection.prepare_cached(&FIND_ITEM)?;
    if let Some(row) = statement.query([key])?.next()? {
        let (found, record) = row::item(row)?;
        let wrong = || Error::Corrupt(format!("item {found:?} is stored under {key:?}"));
        return if found == key { Ok(Some(record)) } else { Err(wrong().into()) };
    }
    let copy = "SELECT 1 FROM items INDEXED BY items_twin WHERE key = ?1";
    believe_absence(connection, copy, [key], || format!("item {key:?}"))?;
    Ok(None)
}

/// The entry that is stored under the id to be appended.
fn find_entry(connection: &Connection, key: &str, append: &Append) -> Result<Option<Entry>, StatementError> {
    let place = [key, &append.list, &append.entry.id];
    let mut statement = connection.prepare_cached(&FIND_ENTRY)?;
    if let Some(row) = statement.query(place)?.next()? {
        return Ok(Some(row::entry(row)?.entry));
    }
    let copy = "SELECT 1 FROM entries INDEXED BY entries_twin WHERE key = ?1 AND list = ?2 AND id = ?3";
    believe_absence(connection, copy, place, || format!("entry {place:?}"))?;
    Ok(None)
}

/// Checks in the tree's copy that a row is really absent. A flipped byte in an inner page hides the rows below it, and
/// the checksums of the rows cannot detect that.
fn believe_absence<const N: usize>(
    connection: &Connection,
    copy: &str,
    place: [&str; N],
    name: impl FnOnce() -> String,
) -> Result<(), StatementError> {
    let hidden =
        connection.prepare_cached(copy)?.query_row(params_from_iter(place), |_| Ok(())).optional()?;
    hidden.map_or(Ok(()), |()| {
        Err(Error::Corrupt(format!("{} is missing in one index but not in its copy", name())).into())
    })
}

/// The item of a record, with its entries.
fn whole(connection: &Connection, key: &str, record: Record) -> Result<Item, StatementError> {
    let lists = if record.counts.is_empty() { Vec::new() } else { lists(connection, key, &record)? };
    Ok(Item { key: key.to_owned(), version: record.version, fields: record.fields, lists })
}

/// All entries of an item. Fails unless their number is the one in the record and no place is empty.
pub(super) fn lists(
    connection: &Connection,
    key: &str,
    record: &Record,
) -> Result<Vec<(String, Vec<Entry>)>, StatementError> {
    let mut statement = connection.prepare_cached(&FIND_ENTRIES)?;
    let mut rows = statement.query([key])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(row::entry(row)?);
    }
    in_lists(key, &record.counts, found)
}

/// The lists of an item from all its entries. Fails unless their numbers are `counts` and no place is empty.
pub(super) fn in_lists(
    key: &str,
    counts: &[(String, u32)],
    mut found: Vec<Placed>,
) -> Result<Vec<(String, Vec<Entry>)>, StatementError> {
    found.sort_by(|a, b| (&a.list, a.seq).cmp(&(&b.list, b.seq)));
    let mut found = found.into_iter();
    let mut lists = Vec::with_capacity(counts.len());
    for (list, count) in counts {
        let entries = found.by_ref().take(*count as usize).enumerate();
        let in_place = |(at, placed): (usize, Placed)| {
            let expected = placed.list == *list && usize::try_from(placed.seq) == Ok(at);
            expected.then_some(placed.entry)
        };
        let entries = entries.map(in_place).collect::<Option<Vec<_>>>();
        let complete = entries.filter(|entries| entries.len() == *count as usize);
        lists.push((list.clone(), complete.ok_or_else(|| incomplete(key))?));
    }
    if found.next().is_some() { Err(incomplete(key).into()) } else { Ok(lists) }
}

fn incomplete(key: &str) -> Error {
    Error::Corrupt(format!("the entries of item {key:?} are not those that were stored"))
}

/// Stores the entry and the record. If the second statement fails, the savepoint rolls back the first, without an effect
/// on the other writes in the same transaction.
fn store_both(
    connection: &Connection,
    key: &str,
    append: &Append,
    next: &Record,
) -> Result<(), StatementError> {
    execute(connection, "SAVEPOINT append")?;
    let stored = store_entry(connection, key, append, next).and_then(|()| store(connection, key, next));
    // An error that ended the whole transaction has also removed the savepoint. `writer` handles that case.
    if stored.is_err() && !connection.is_autocommit() {
        execute(connection, "ROLLBACK TO append")?;
    }
    if !connection.is_autocommit() {
        execute(connection, "RELEASE append")?;
    }
    stored
}

fn store_entry(
    connection: &Connection,
    key: &str,
    append: &Append,
    next: &Record,
) -> Result<(), StatementError> {
    let seq = next.count(&append.list).saturating_sub(1);
    let values = row::entry_values(key, &append.list, seq, &append.entry)?;
    connection.prepare_cached(&INSERT_ENTRY)?.execute(values)?;
    Ok(())
}

fn store(connection: &Connection, key: &str, next: &Record) -> Result<(), StatementError> {
    let sql = "UPDATE items INDEXED BY sqlite_autoindex_items_1 SET version = ?2, fields = ?3, counts = ?4, \
               last_change = ?6, size = ?7, checksum = ?8 WHERE key = ?1 AND insert_change = ?5";
    let changed = connection.prepare_cached(sql)?.execute(row::item_values(key, next)?)?;
    if changed == 1 {
        Ok(())
    } else {
        Err(Error::Corrupt(format!("item {key:?} was found but cannot be changed")).into())
    }
}

pub(super) static FIND_ITEM: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {ITEM_COLUMNS} FROM items INDEXED BY sqlite_autoindex_items_1 WHERE key = ?1")
});

static INSERT_ITEM: LazyLock<String> =
    LazyLock::new(|| format!("INSERT INTO items({ITEM_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));

pub(super) static FIND_ENTRIES: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {ENTRY_COLUMNS} FROM entries INDEXED BY sqlite_autoindex_entries_1 WHERE key = ?1")
});

pub(super) static FIND_ENTRY: LazyLock<String> =
    LazyLock::new(|| format!("{} AND list = ?2 AND id = ?3", *FIND_ENTRIES));

static INSERT_ENTRY: LazyLock<String> =
    LazyLock::new(|| format!("INSERT INTO entries({ENTRY_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
