//! Encodes and decodes rows, and checks their checksums.
//!
//! SQLite does not verify its pages. So each row has a CRC-32 over all its other columns, including the key. The length
//! of each text is part of the checksum, so that no two rows have the same input. Every read checks the checksum.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use rusqlite::Row;
use rusqlite::types::Value;
use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer as _, Serialize, Serializer};

use super::error::StatementError;
use crate::backend::{Entry, Error};
use items::record::Record;

/// The columns of `items`, in the order in which [`item`] reads them.
pub(super) const ITEM_COLUMNS: &str =
    "key, version, fields, counts, insert_change, last_change, size, checksum";

/// The columns of `entries`, in the order in which [`entry`] reads them.
pub(super) const ENTRY_COLUMNS: &str = "key, list, id, seq, fields, checksum";

/// The initial capacity for the fields of an item and of an entry. Only unusually large ones allocate a second time.
const ITEM_FIELDS: usize = 8;
const ENTRY_FIELDS: usize = 4;

/// The values of a row of `items`, in the order of [`ITEM_COLUMNS`].
pub(super) fn item_values(key: &str, record: &Record) -> Result<[Value; 8], StatementError> {
    let (version, size) = (integer(record.version)?, integer(record.size)?);
    let (fields, counts) = (json(&record.fields)?, json(&record.counts)?);
    let mut sum = Checksum::default();
    sum.text(key).number(version).text(&fields).text(&counts).text(&record.insert_change);
    sum.option(record.last_change.as_deref()).number(size);
    let checksum = sum.value();
    let change = record.insert_change.clone();
    let last = record.last_change.clone().map_or(Value::Null, Value::Text);
    let key = Value::Text(key.to_owned());
    Ok([key, version.into(), fields.into(), counts.into(), change.into(), last, size.into(), checksum.into()])
}

/// A row of `items` whose checksum is right. Its fields and counts are JSON.
pub(super) struct ItemRow<'a> {
    pub(super) key: &'a str,
    pub(super) fields: &'a str,
    pub(super) size: i64,
    version: i64,
    counts: &'a str,
    insert_change: &'a str,
    last_change: Option<&'a str>,
}

impl<'a> ItemRow<'a> {
    /// Reads and checks a row of [`ITEM_COLUMNS`].
    pub(super) fn read(row: &'a Row<'_>) -> Result<ItemRow<'a>, StatementError> {
        let (key, version) = (text(row, 0)?, number(row, 1)?);
        let (fields, counts, insert_change) = (text(row, 2)?, text(row, 3)?, text(row, 4)?);
        let (last_change, size) = (row.get_ref(5)?.as_str_or_null()?, number(row, 6)?);
        let mut sum = Checksum::default();
        sum.text(key).number(version).text(fields).text(counts).text(insert_change);
        sum.option(last_change).number(size);
        let found = ItemRow { key, fields, size, version, counts, insert_change, last_change };
        if sum.value() == number(row, 7)? { Ok(found) } else { Err(found.damaged().into()) }
    }

    pub(super) fn counts(&self) -> Result<Vec<(String, u32)>, Error> {
        parsed(self.counts, 0).ok_or_else(|| self.damaged())
    }

    pub(super) fn damaged(&self) -> Error {
        Error::Corrupt(format!("item {:?}", self.key))
    }

    pub(super) fn record(&self) -> Result<Record, Error> {
        Ok(Record {
            version: self.version.try_into().map_err(|_| self.damaged())?,
            fields: Arc::new(parsed(self.fields, ITEM_FIELDS).ok_or_else(|| self.damaged())?),
            counts: self.counts()?,
            insert_change: self.insert_change.to_owned(),
            last_change: self.last_change.map(str::to_owned),
            size: self.size.try_into().map_err(|_| self.damaged())?,
        })
    }
}

/// Reads and checks a row of [`ITEM_COLUMNS`].
pub(super) fn item(row: &Row<'_>) -> Result<(String, Record), StatementError> {
    let found = ItemRow::read(row)?;
    Ok((found.key.to_owned(), found.record()?))
}

/// The values of a row of `entries`, in the order of [`ENTRY_COLUMNS`].
pub(super) fn entry_values(
    key: &str,
    list: &str,
    seq: u32,
    entry: &Entry,
) -> Result<[Value; 6], StatementError> {
    let (seq, fields) = (i64::from(seq), json(&entry.fields)?);
    let mut sum = Checksum::default();
    sum.text(key).text(list).text(&entry.id).number(seq).text(&fields);
    let owned = |text: &str| Value::Text(text.to_owned());
    Ok([owned(key), owned(list), owned(&entry.id), seq.into(), fields.into(), sum.value().into()])
}

/// An entry, its list, and its place in the list.
pub(super) struct Placed {
    pub(super) list: String,
    pub(super) seq: i64,
    pub(super) entry: Entry,
}

/// Reads and checks a row of [`ENTRY_COLUMNS`].
pub(super) fn entry(row: &Row<'_>) -> Result<Placed, StatementError> {
    let (key, list, id) = (text(row, 0)?, text(row, 1)?, text(row, 2)?);
    let (seq, fields) = (number(row, 3)?, text(row, 4)?);
    let mut sum = Checksum::default();
    sum.text(key).text(list).text(id).number(seq).text(fields);
    let damaged = || Error::Corrupt(format!("entry {id:?} in {list:?} of item {key:?}"));
    if sum.value() != number(row, 5)? {
        return Err(damaged().into());
    }
    let fields = Arc::new(parsed(fields, ENTRY_FIELDS).ok_or_else(damaged)?);
    Ok(Placed { list: list.to_owned(), seq, entry: Entry { id: id.to_owned(), fields } })
}

/// The text in a column.
pub(super) fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, StatementError> {
    Ok(row.get_ref(column)?.as_str()?)
}

fn number(row: &Row<'_>, column: usize) -> Result<i64, StatementError> {
    Ok(row.get_ref(column)?.as_i64()?)
}

/// Writes pairs as a JSON object, for `json_extract` and for people who read the file with `sqlite3`. The names must be
/// sorted.
fn json<V: Serialize>(pairs: &[(String, V)]) -> Result<String, StatementError> {
    if !is_sorted(pairs) {
        return Err(Error::Invalid("the names of fields or lists are not sorted".to_owned()).into());
    }
    let unwritten = |_: serde_json::Error| Error::Unavailable("fields cannot be written as JSON".to_owned());
    Ok(serde_json::to_string(&Object(pairs)).map_err(unwritten)?)
}

/// Parses the result of [`json`]. `room` is the initial capacity for pairs.
fn parsed<V: DeserializeOwned>(text: &str, room: usize) -> Option<Vec<(String, V)>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let pairs = reader.deserialize_map(Pairs { room, of: PhantomData }).ok()?;
    reader.end().ok()?;
    is_sorted(&pairs).then_some(pairs)
}

/// Calls `each` with the pairs of a JSON object of texts, in their order, without a copy of them. Returns `None` if the text
/// is not the result of [`json`].
pub(super) fn each_pair(text: &str, mut each: impl FnMut(&str, &str)) -> Option<()> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(EachPair(&mut each)).ok()?;
    reader.end().ok()
}

fn is_sorted<V>(pairs: &[(String, V)]) -> bool {
    pairs.is_sorted_by(|(before, _), (name, _)| before < name)
}

/// Pairs that become a JSON object.
struct Object<'a, V>(&'a [(String, V)]);

impl<V: Serialize> Serialize for Object<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Reads the pairs of a JSON object in their order. A map would sort them again although they are sorted.
struct Pairs<V> {
    room: usize,
    of: PhantomData<V>,
}

impl<'de, V: Deserialize<'de>> Visitor<'de> for Pairs<V> {
    type Value = Vec<(String, V)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of names and values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::with_capacity(self.room);
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

/// Passes the pairs of a JSON object of texts on.
struct EachPair<'a, F>(&'a mut F);

/// A text that is copied only if it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, F: FnMut(&str, &str)> Visitor<'de> for EachPair<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of names and texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut before = None::<Text<'de>>;
        while let Some((name, value)) = map.next_entry::<Text<'de>, Text<'de>>()? {
            if before.is_some_and(|before| before.0 >= name.0) {
                return Err(de::Error::custom("the names are not sorted"));
            }
            (self.0)(&name.0, &value.0);
            before = Some(name);
        }
        Ok(())
    }
}

/// Converts a number to SQLite's integers, which are signed.
fn integer<N: TryInto<i64>>(number: N) -> Result<i64, StatementError> {
    let too_large = |_| Error::Unavailable("a number is larger than SQLite can store".to_owned());
    Ok(number.try_into().map_err(too_large)?)
}

#[derive(Default)]
struct Checksum(crc32fast::Hasher);

impl Checksum {
    fn text(&mut self, text: &str) -> &mut Checksum {
        // A length is never -1, so `option` uses -1 for `None`.
        self.number(i64::try_from(text.len()).unwrap_or(i64::MAX));
        self.0.update(text.as_bytes());
        self
    }

    fn option(&mut self, text: Option<&str>) -> &mut Checksum {
        match text {
            Some(text) => self.text(text),
            None => self.number(-1),
        }
    }

    fn number(&mut self, number: i64) -> &mut Checksum {
        self.0.update(&number.to_le_bytes());
        self
    }

    fn value(self) -> i64 {
        self.0.finalize().into()
    }
}
