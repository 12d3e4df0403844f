//! The rules of a write, once for every store that decides by itself.
//!
//! DynamoDB decides by conditions of its own; `suite` holds both to the same claims.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::{
    Append, Change, Entry, FIELDS_LIMIT, Fields, ITEM_LIMIT_BYTES, ITEM_RESERVE_BYTES, SharedFields,
    fields_size,
};

/// An item without its entries: all that is needed to decide about a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// 1 at the insert, one more with every update.
    pub version: u64,
    /// Sorted by name.
    pub fields: SharedFields,
    /// How many entries each list has, sorted by name; a list without entries is left out.
    pub counts: Vec<(String, u32)>,
    /// The change id of the insert.
    pub insert_change: String,
    /// The id of the last update; none before the first.
    pub last_change: Option<String>,
    /// The bytes that count towards [`ITEM_LIMIT_BYTES`], those of the entries included.
    pub size: usize,
}

/// What an update of a record that is there comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The entry is there, under the id that was to be appended.
    Duplicate(Entry),
    /// The change was the record's last one.
    Repeated,
    /// The record is at another version.
    Stale,
    /// A field has a forbidden value.
    Refused,
    /// The list, or the item, can take no more.
    Full,
    /// To be stored in the place of the old record, with the entry that the change appends.
    Applied(Record),
}

/// A new item is bigger than [`ITEM_LIMIT_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLargeError;

impl Record {
    /// The record of a new item. Whether it fits is decided before it is known whether the key is free, as in
    /// DynamoDB, where a write that is too large is refused unseen.
    pub fn new(key: &str, fields: Fields, change_id: String) -> Result<Record, TooLargeError> {
        let size = key.len() + fields_size(&fields);
        if size > ITEM_LIMIT_BYTES {
            return Err(TooLargeError);
        }
        Ok(Record {
            version: 1,
            fields: Arc::new(fields),
            counts: Vec::new(),
            insert_change: change_id,
            last_change: None,
            size,
        })
    }

    /// Decides about a change; `known` is the entry that is stored under the id to be appended.
    pub fn judge(&self, change: &Change, known: Option<Entry>) -> Verdict {
        if let Some(entry) = known {
            return Verdict::Duplicate(entry);
        }
        if self.last_change.as_ref() == Some(&change.id) {
            return Verdict::Repeated;
        }
        if change.at_version.is_some_and(|version| version != self.version) {
            return Verdict::Stale;
        }
        let equal = |(name, value): &(String, String)| self.field(name) == Some(value);
        let above = |(name, value): &(String, String)| self.field(name) > Some(value);
        if change.unless.iter().any(equal) || change.unless_above.iter().any(above) {
            return Verdict::Refused;
        }
        self.changed(change).map_or(Verdict::Full, Verdict::Applied)
    }

    /// The value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        value(&self.fields, name)
    }

    /// How many entries a list has.
    #[must_use]
    pub fn count(&self, list: &str) -> u32 {
        self.counts.iter().find(|(name, _)| name == list).map_or(0, |(_, count)| *count)
    }

    /// This record after the change; none where it would pass a limit.
    fn changed(&self, change: &Change) -> Option<Record> {
        let mut next =
            Record { version: self.version + 1, last_change: Some(change.id.clone()), ..self.clone() };
        for (name, value) in &change.set {
            put(Arc::make_mut(&mut next.fields), name, value.clone());
        }
        if next.fields.len() > FIELDS_LIMIT {
            return None;
        }
        next.size = next.size - fields_size(&self.fields) + fields_size(&next.fields);
        let mut limit_bytes = ITEM_LIMIT_BYTES;
        if let Some(append) = &change.append {
            next.append(append)?;
            limit_bytes -= ITEM_RESERVE_BYTES;
        }
        (next.size <= limit_bytes).then_some(next)
    }

    fn append(&mut self, append: &Append) -> Option<()> {
        let count = self.count(&append.list);
        if count >= append.max_entries {
            return None;
        }
        put(&mut self.counts, &append.list, count + 1);
        let list_name = if count == 0 { append.list.len() } else { 0 };
        self.size += list_name + append.entry.size();
        Some(())
    }
}

/// The value beside a name.
#[must_use]
pub fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let at = fields.binary_search_by(|(other, _)| other.as_str().cmp(name)).ok()?;
    fields.get(at).map(|(_, value)| value.as_str())
}

/// Sets the value beside a name and keeps the names sorted.
pub fn put<V>(sorted: &mut Vec<(String, V)>, name: &str, value: V) {
    match sorted.binary_search_by(|(other, _)| other.as_str().cmp(name)) {
        Ok(at) => {
            if let Some(pair) = sorted.get_mut(at) {
                pair.1 = value;
            }
        }
        Err(at) => sorted.insert(at, (name.to_owned(), value)),
    }
}
