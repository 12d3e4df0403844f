//! Items, whole and as an index lists them.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

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

/// Fields that are stored: whoever reads an item shares them with the store and copies none.
pub type SharedFields = Arc<Fields>;

/// An item, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is stored under.
    pub key: String,
    /// Opaque; another one after every update.
    pub version: u64,
    /// The fields, sorted by name.
    pub fields: SharedFields,
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
    pub fields: SharedFields,
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
    pub fields: SharedFields,
    /// How many entries each list has, sorted by name; a list without entries is left out.
    pub counts: Vec<(String, u32)>,
}
