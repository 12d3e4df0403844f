//! What keeps the items: one plain trait, implemented once a store.
//!
//! A backend knows nothing of WIT, HTTP or wasm. It is given calls whose names, keys, ids and sizes were
//! checked (see `storage`, its only caller) and keeps the promises of `wit/key-value.wit`: exact outcomes under
//! races, writes that are safe to repeat, pages that lose and repeat nothing. `suite` holds every backend against
//! them.

#[cfg(feature = "dynamodb")]
pub mod dynamodb;
pub mod embedded;
pub mod memory;
mod meter;
mod record;
#[cfg(test)]
pub(crate) mod suite;

use std::time::Duration;

use async_trait::async_trait;

pub use self::meter::{Count, Meter, NAME_LIMIT_BYTES, WINDOW_LIMIT_BYTES};

/// The most bytes that an item may have, see [`Item::size`]: what DynamoDB allows, so that data can move.
pub const ITEM_LIMIT_BYTES: usize = 400 * 1024;

/// The bytes of an item that no append may take: without them the fields of a full item could not change any more.
pub const ITEM_RESERVE_BYTES: usize = 1024;

/// The most fields that an item or an entry may have.
pub const FIELDS_LIMIT: usize = 64;

/// How the names begin under which a store keeps what is its own beside the fields of an item.
pub const STORES_PREFIX: &str = "portdesk_";

/// Names and values, sorted by name; no name appears twice.
pub type Fields = Vec<(String, String)>;

/// A store of items.
///
/// Every method may be called from any number of tasks at once. A write whose future is dropped is done or not
/// done, never half done.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// The item under `key` as of now: every write that was answered before is in it.
    async fn get(&self, key: &str) -> Result<Option<Item>, Error>;

    /// Stores a new item unless the key is taken. The change id stays with the item as long as it is.
    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error>;

    /// Applies `change` to the item under `key`, whole or not at all.
    async fn update(&self, key: &str, change: Change) -> Result<Update, Error>;

    /// A page of an index: the greatest order value first. Equal ones stand in an order that stays the same.
    async fn query(&self, query: Query) -> Result<Page, Error>;

    /// Whether the store can serve reads and writes at this moment; asked by the readiness check.
    async fn check(&self) -> Result<(), Error>;

    /// Finishes what was begun and leaves the store as it should lie. Calls after it are `Unavailable`.
    async fn close(&self);
}

/// What a component stores: the host's form of `schema.collection-schema`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The name that the key has where items are stored as attributes.
    pub key_field: String,
    /// The fields that a summary has to show, beside those of the indexes.
    pub listed: Vec<String>,
    /// The append-only lists.
    pub lists: Vec<List>,
    /// The indexes over the items.
    pub indexes: Vec<Index>,
}

/// An append-only list of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its name.
    pub name: String,
    /// The name that an entry's id has where entries are stored as attributes.
    pub id_field: String,
}

/// Lists the items that share the value of one field, ordered by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// What `query` names it by.
    pub name: String,
    /// The field whose value the listed items share.
    pub partition: String,
    /// The field that orders them.
    pub order: String,
    /// Whether a store may lack it.
    pub optional: bool,
}

/// An item, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is stored under.
    pub key: String,
    /// Opaque; another one after every update.
    pub version: u64,
    /// The fields, sorted by name.
    pub fields: Fields,
    /// The lists that have entries, sorted by name.
    pub lists: Vec<(String, Vec<Entry>)>,
}

impl Item {
    /// The bytes that count towards [`ITEM_LIMIT_BYTES`]: the key, and names, values and ids of everything.
    #[must_use]
    pub fn size(&self) -> usize {
        let list = |(name, entries): &(String, Vec<Entry>)| {
            name.len() + entries.iter().map(Entry::size).sum::<usize>()
        };
        self.key.len() + fields_size(&self.fields) + self.lists.iter().map(list).sum::<usize>()
    }
}

/// One entry of a list; never changes once stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Names the entry within its list.
    pub id: String,
    /// What it says, sorted by name.
    pub fields: Fields,
}

impl Entry {
    /// The bytes of the id and of all names and values.
    #[must_use]
    pub fn size(&self) -> usize {
        self.id.len() + fields_size(&self.fields)
    }
}

/// The bytes of all names and values.
#[must_use]
pub fn fields_size(fields: &[(String, String)]) -> usize {
    fields.iter().map(|(name, value)| name.len() + value.len()).sum()
}

/// An item as an index lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What it is stored under.
    pub key: String,
    /// Opaque; another one after every update.
    pub version: u64,
    /// The fields, sorted by name.
    pub fields: Fields,
    /// How many entries each list has, sorted by name; a list without entries is left out.
    pub counts: Vec<(String, u32)>,
}

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
    /// Fields to set.
    pub set: Fields,
    /// An entry to append.
    pub append: Option<Append>,
}

/// An entry to append, and the bound of its list.
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

/// Why a call has no outcome: what the caller can do, and a text for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What is stored is damaged; nothing was changed.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// The call names something that this store does not have, such as an optional index.
    #[error("the store cannot do this: {0}")]
    Invalid(String),
    /// Too much to do; nothing was stored, repeat later.
    #[error("the store has too much to do")]
    Throttled {
        /// When to repeat, where the store knows.
        retry_after: Option<Duration>,
    },
    /// An insert is bigger than [`ITEM_LIMIT_BYTES`]; nothing was stored.
    #[error("the item is too large")]
    TooLarge,
    /// Out of reach or out of order; nothing was stored.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A write may or may not have been stored.
    #[error("the outcome of a write is unknown: {0}")]
    Unknown(String),
}
