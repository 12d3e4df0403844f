//! The store behind the desk: `wit/key-value.wit` in plain types, which says what every outcome promises.

use alloc::string::String;
use alloc::vec::Vec;

/// Items under keys. Every write is safe to repeat with the same ids.
pub trait Store {
    /// The item under `key`, with every write that was answered before.
    fn get(&self, key: &str) -> Result<Option<Item>, Error>;

    /// Stores a new item, if the key is free.
    fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error>;

    /// Changes the item under `key`, whole or not at all.
    fn update(&self, key: &str, change: Change) -> Result<Update, Error>;

    /// A page of an index, the greatest order value first. May lag behind.
    fn query(&self, query: Query) -> Result<Page, Error>;
}

/// Names and values, sorted by name; no name appears twice.
pub type Fields = Vec<(String, String)>;

/// An item, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is stored under.
    pub key: String,
    /// Opaque; another one after every update. 0 where another program stored the item.
    pub version: u64,
    /// Its fields.
    pub fields: Fields,
    /// The lists that have entries, by name; entries in the order in which they were appended.
    pub lists: Vec<(String, Vec<Entry>)>,
}

/// One entry of a list; never changes once it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Names the entry within its list.
    pub id: String,
    /// What it says.
    pub fields: Fields,
}

/// An item as an index lists it: with the lengths of its lists in place of their entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What it is stored under.
    pub key: String,
    /// As of the item.
    pub version: u64,
    /// Its fields.
    pub fields: Fields,
    /// How many entries each list has; an empty list is left out.
    pub counts: Vec<(String, u32)>,
}

/// What became of an insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Insert {
    /// The item is stored and has this version.
    Inserted(u64),
    /// This very insert (same change id) was stored before; the item as it is now.
    Repeated(Item),
    /// Another insert holds the key; the item as it is now.
    Exists(Item),
}

/// One atomic change of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Names this change; no other change has it.
    pub id: String,
    /// Only at this version.
    pub at_version: Option<u64>,
    /// Only while none of these fields has the value beside it.
    pub unless: Fields,
    /// Only while none of these fields has a value that is greater than the one beside it, byte by byte.
    pub unless_above: Fields,
    /// Fields to set; the others stay.
    pub set: Fields,
    /// An entry to append.
    pub append: Option<Append>,
}

/// An entry to append, and the limit of its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The name of the list.
    pub list: String,
    /// What is appended.
    pub entry: Entry,
    /// The most entries that the list may hold after this.
    pub max_entries: u32,
}

/// What became of an update; where several hold, the first one here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// There is no such item.
    Missing,
    /// The list has an entry of this id already.
    Duplicate(Entry),
    /// The item is at another version.
    Stale(Item),
    /// A field has a value that `unless` or `unless_above` forbids.
    Refused(Item),
    /// The list or the item can hold no more.
    Full,
    /// Stored; the item has this version.
    Updated(u64),
}

/// Where to read in an index, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The name of the index.
    pub index: String,
    /// The value of its partition field.
    pub value: String,
    /// The most items to give; 1 to 100.
    pub limit: u32,
    /// Where an earlier page ended.
    pub cursor: Option<String>,
}

/// A part of an index's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The newest first.
    pub items: Vec<Summary>,
    /// Where to read on; none where the list ended.
    pub cursor: Option<String>,
}

/// Why a call has no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// What is stored here is damaged.
    Corrupt,
    /// The call breaks a limit of the store: a defect of the desk.
    Invalid,
    /// The cursor was not made for this query.
    InvalidCursor,
    /// The store is not set up for this, nothing stored; so it stays until an operator has acted.
    Misconfigured,
    /// Too much to do, nothing stored; repeat after this many milliseconds.
    Throttled(Option<u32>),
    /// An insert is bigger than any item may be.
    TooLarge,
    /// The store does not work, nothing stored.
    Unavailable,
    /// A write is done or it is not; its answer was lost.
    Unknown,
}
