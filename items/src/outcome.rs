//! Calls of a store, and what becomes of them.

use alloc::string::String;
use alloc::vec::Vec;

use crate::{Entry, Fields, Item, Summary};

/// What became of an insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Insert {
    /// The key was free; the item is stored and has this version.
    Inserted(u64),
    /// This very insert (same change id) had been stored before; the item as it is now.
    Repeated(Item),
    /// Another insert holds the key; the item as it is now.
    Exists(Item),
}

/// One atomic change of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Names the change; the same id is the same change.
    pub id: String,
    /// Only at this version.
    pub at_version: Option<u64>,
    /// Only while none of these fields has the value beside it.
    pub unless: Fields,
    /// Only while none of these fields has a value that is greater than the one beside it, byte by byte.
    pub unless_above: Fields,
    /// Fields to set.
    pub set: Fields,
    /// An entry to append.
    pub append: Option<Append>,
}

/// An entry to append, and the limit of its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The name of the list.
    pub list: String,
    /// The entry.
    pub entry: Entry,
    /// The most entries that the list may hold after the append.
    pub max_entries: u32,
}

/// What became of an update; where several hold, the first in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// No item has the key.
    Missing,
    /// The list has this entry, under the id that was to be appended.
    Duplicate(Entry),
    /// The item is at another version than asked for. A repeat of the item's last change is not stale.
    Stale(Item),
    /// A field has a value that `unless` names.
    Refused(Item),
    /// The list, or the item, can take no more.
    Full,
    /// Stored, or stored before as the item's last change; the item has this version.
    Updated(u64),
}

/// Where to read in an index, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The name of the index; one that the schema has.
    pub index: String,
    /// The value of its partition field.
    pub value: String,
    /// The most items to give, 1 to 100.
    pub limit: u32,
    /// Only items behind this position.
    pub after: Option<Position>,
}

/// A place in an index's order. The item that stood there may be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The value of the order field.
    pub order: String,
    /// The key.
    pub key: String,
}

/// A part of an index's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The items, in order.
    pub items: Vec<Summary>,
    /// Where to read on; none where the list ended.
    pub next: Option<Position>,
}
