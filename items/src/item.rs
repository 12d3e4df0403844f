//! Items, with their entries and as an index lists them.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The largest size of an item (see [`Item::size`]). It is DynamoDB's limit, so that data can move between stores.
pub const ITEM_LIMIT_BYTES: usize = 400 * 1024;

/// The bytes of an item that appends must leave free. Otherwise the fields of a full item could not change any more.
pub const ITEM_RESERVE_BYTES: usize = 1024;

/// The most fields that an item or an entry may have.
pub const FIELDS_LIMIT: usize = 64;

/// The prefix of the names under which a store keeps its own data next to the fields of an item.
pub const STORES_PREFIX: &str = "portdesk_";

/// Names and values, sorted by name. No name appears twice.
pub type Fields = Vec<(String, String)>;

/// Stored fields. The reader of an item shares them with the store, so nothing is copied.
pub type SharedFields = Arc<Fields>;

/// An item with its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The key under which the item is stored.
    pub key: String,
    /// The version. It is opaque, and every update changes it.
    pub version: u64,
    /// The fields, sorted by name.
    pub fields: SharedFields,
    /// The lists that have entries, sorted by name.
    pub lists: Vec<(String, Vec<Entry>)>,
}

impl Item {
    /// The size that counts towards [`ITEM_LIMIT_BYTES`]: the bytes of the key and of all names, values and ids.
    #[must_use]
    pub fn size(&self) -> usize {
        let list = |(name, entries): &(String, Vec<Entry>)| {
            name.len() + entries.iter().map(Entry::size).sum::<usize>()
        };
        self.key.len() + fields_size(&self.fields) + self.lists.iter().map(list).sum::<usize>()
    }
}

/// One entry of a list. A stored entry never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The id of the entry, unique within its list.
    pub id: String,
    /// The fields, sorted by name.
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
    /// The key under which the item is stored.
    pub key: String,
    /// The version. It is opaque, and every update changes it.
    pub version: u64,
    /// The fields, sorted by name.
    pub fields: SharedFields,
    /// The number of entries in each list, sorted by name. Lists without entries are left out.
    pub counts: Vec<(String, u32)>,
}
