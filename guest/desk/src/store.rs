//! The interface of the desk's store, in plain types. `wit/key-value.wit` describes what every outcome promises.

use alloc::string::String;
use alloc::vec::Vec;

/// Stores items by key. Every write is safe to repeat with the same ids.
pub trait Store {
    /// Reads the item under `key`. The item shows every write that the store answered before.
    fn get(&self, key: &str) -> Result<Option<Item>, Error>;

    /// Stores a new item, if the key is free.
    fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error>;

    /// Changes the item under `key`. The change is atomic.
    fn update(&self, key: &str, change: Change) -> Result<Update, Error>;

    /// Reads a page of an index, the greatest value of the order field first. The page may show an earlier state.
    fn query(&self, query: Query) -> Result<Page, Error>;
}

/// The names and values of fields, sorted by name. No name appears twice.
pub type Fields = Vec<(String, String)>;

/// An item with all its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The key of the item.
    pub key: String,
    /// The version, which changes with every update and is otherwise opaque. 0 if another program stored the item.
    pub version: u64,
    /// The fields of the item.
    pub fields: Fields,
    /// The lists that have entries, sorted by name. Entries are in the order in which they were appended.
    pub lists: Vec<(String, Vec<Entry>)>,
}

/// An entry of a list. A stored entry never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Identifies the entry within its list.
    pub id: String,
    /// The fields of the entry.
    pub fields: Fields,
}

/// An item as an index shows it: with the lengths of its lists instead of their entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The key of the item.
    pub key: String,
    /// The version of the item.
    pub version: u64,
    /// The fields that the index shows.
    pub fields: Fields,
    /// The number of entries of each list. Empty lists are left out.
    pub counts: Vec<(String, u32)>,
}

/// The outcome of an insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Insert {
    /// The item is stored and has this version.
    Inserted(u64),
    /// An earlier insert with the same change id is stored already. The item is the current one.
    Repeated(Item),
    /// An item of another insert has this key. The item is the current one.
    Exists(Item),
}

/// An atomic change of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Identifies this change. No other change has the same id.
    pub id: String,
    /// If given, the change is applied only if the item has this version.
    pub at_version: Option<u64>,
    /// The change is applied only if no field of the item has the value that is given for it here.
    pub unless: Fields,
    /// The change is applied only if no field of the item has a value greater than the one that is given for it here,
    /// compared byte by byte.
    pub unless_above: Fields,
    /// The fields to set. All other fields keep their values.
    pub set: Fields,
    /// An entry to append.
    pub append: Option<Append>,
}

/// An entry to append, and the limit of its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The name of the list.
    pub list: String,
    /// The entry to append.
    pub entry: Entry,
    /// The largest number of entries that the list may have after this append.
    pub max_entries: u32,
}

/// The outcome of an update. If several cases apply, the first one here is the outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// No item has this key.
    Missing,
    /// The list already has an entry with this id. The entry is the stored one.
    Duplicate(Entry),
    /// The item has another version than `at_version`. The item is the current one.
    Stale(Item),
    /// A field has a value that `unless` or `unless_above` forbids. The item is the current one.
    Refused(Item),
    /// The list has its largest number of entries, or the item has its largest size.
    Full,
    /// The change is stored and the item has this version.
    Updated(u64),
}

/// Selects the part of an index to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The name of the index.
    pub index: String,
    /// The value of the index's partition field.
    pub value: String,
    /// The largest number of items to return; 1 to 100.
    pub limit: u32,
    /// The cursor of the previous page; none for the first page.
    pub cursor: Option<String>,
}

/// A page of the items that an index lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The items, the newest first.
    pub items: Vec<Summary>,
    /// The cursor for the next page; none after the last page.
    pub cursor: Option<String>,
}

/// The reason why a call has no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The stored data is damaged.
    Corrupt,
    /// The call breaks a limit of the store. This is a defect of the desk.
    Invalid,
    /// The store did not make the cursor for this query.
    InvalidCursor,
    /// The store is not set up for this call, and nothing was stored. The call fails until an operator corrects the setup.
    Misconfigured,
    /// The store is overloaded, and nothing was stored. The number is the milliseconds to wait before a repeat.
    Throttled(Option<u32>),
    /// The item of an insert is bigger than the limit of an item.
    TooLarge,
    /// The store cannot be reached or does not work, and nothing was stored.
    Unavailable,
    /// The answer to a write was lost. The write is applied or it is not.
    Unknown,
}
