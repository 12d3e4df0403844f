//! The rules that decide the outcome of a write, for every store that decides in its own code.
//!
//! The DynamoDB stores express the same rules as conditions of a request; the host's `backend::suite` tests that both
//! behave alike.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::{
    Append, Change, Entry, FIELDS_LIMIT, Fields, ITEM_LIMIT_BYTES, ITEM_RESERVE_BYTES, SharedFields,
    fields_size,
};

/// An item without its entries. A write can be decided from it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The version: 1 after the insert, and one more after every update.
    pub version: u64,
    /// The fields, sorted by name.
    pub fields: SharedFields,
    /// The number of entries in each list, sorted by name. Lists without entries are left out.
    pub counts: Vec<(String, u32)>,
    /// The change id of the insert.
    pub insert_change: String,
    /// The id of the last update; `None` before the first.
    pub last_change: Option<String>,
    /// The size of the item that counts towards [`ITEM_LIMIT_BYTES`], including its entries.
    pub size: usize,
}

/// The decision about an update of an existing record.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The list already has this entry under the id of the entry to append.
    Duplicate(Entry),
    /// The change was the record's last one.
    Repeated,
    /// The record has another version than the change requires.
    Stale,
    /// A field has a value that the change excludes.
    Refused,
    /// The list or the item is at its limit.
    Full,
    /// The caller must store this record in place of the old one, and the entry that the change appends.
    Applied(Record),
}

/// A new item is larger than [`ITEM_LIMIT_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLargeError;

impl Record {
    /// The record of a new item. The size is checked before the caller knows whether the key is free, because DynamoDB
    /// also refuses a write that is too large before it checks the key.
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

    /// Decides about a change. `known` is the stored entry that has the id of the entry to append.
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

    /// The number of entries in a list.
    #[must_use]
    pub fn count(&self, list: &str) -> u32 {
        self.counts.iter().find(|(name, _)| name == list).map_or(0, |(_, count)| *count)
    }

    /// This record after the change, or `None` if it would exceed a limit.
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

/// The value of a name in sorted fields.
#[must_use]
pub fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let at = fields.binary_search_by(|(other, _)| other.as_str().cmp(name)).ok()?;
    fields.get(at).map(|(_, value)| value.as_str())
}

/// Sets the value of a name and keeps the names sorted.
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
