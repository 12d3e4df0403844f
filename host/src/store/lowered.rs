//! The results of `key-value`, as types that wasmtime lowers (copies) into the guest's memory directly from the store's
//! shared data.
//!
//! The types that bindgen would generate own their strings, so the host would copy every string of a page once more before
//! wasmtime copies it into the guest. The linker checks that these types match `wit/key-value.wit`.

use wasmtime::component::{ComponentType, Lower};

use crate::backend::{self, SharedFields};

/// The record `item` of the WIT.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub struct Item {
    /// The key of the item.
    pub key: String,
    /// The version of the item. Every update changes it.
    pub version: u64,
    /// The fields, sorted by name.
    pub fields: SharedFields,
    /// The lists that have entries, sorted by name.
    pub lists: Vec<EntryList>,
}

/// The record `entry-list` of the WIT.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub struct EntryList {
    /// The name of the list.
    pub name: String,
    /// The entries, in the order in which they were appended.
    pub entries: Vec<Entry>,
}

/// The record `entry` of the WIT.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub struct Entry {
    /// The id of the entry, unique within its list.
    pub id: String,
    /// The fields, sorted by name.
    pub fields: SharedFields,
}

/// The record `summary` of the WIT.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub struct Summary {
    /// The key of the item.
    pub key: String,
    /// The version of the item.
    pub version: u64,
    /// The fields, sorted by name.
    pub fields: SharedFields,
    /// The number of entries in each list, sorted by name.
    pub counts: Vec<(String, u32)>,
}

/// The record `page` of the WIT.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub struct Page {
    /// The items, in order.
    pub items: Vec<Summary>,
    /// Where the next page begins; `None` at the end of the list.
    pub cursor: Option<String>,
}

/// The variant `insert-outcome` of the WIT.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(variant)]
pub enum InsertOutcome {
    /// The item is stored and has this version.
    #[component(name = "inserted")]
    Inserted(u64),
    /// The same insert was stored before.
    #[component(name = "repeated")]
    Repeated(Item),
    /// Another insert holds the key.
    #[component(name = "exists")]
    Exists(Item),
}

/// The variant `update-outcome` of the WIT.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(variant)]
pub enum UpdateOutcome {
    /// There is no item under the key.
    #[component(name = "missing")]
    Missing,
    /// The list already has an entry with the id.
    #[component(name = "duplicate")]
    Duplicate(Entry),
    /// The item has another version than the change requires.
    #[component(name = "stale")]
    Stale(Item),
    /// A field has a value that the change excludes.
    #[component(name = "refused")]
    Refused(Item),
    /// The list or the item is at its limit.
    #[component(name = "full")]
    Full,
    /// The change is stored and the item has this version.
    #[component(name = "updated")]
    Updated(u64),
}

impl From<backend::Item> for Item {
    fn from(item: backend::Item) -> Item {
        let list = |(name, entries): (String, Vec<backend::Entry>)| EntryList {
            name,
            entries: entries.into_iter().map(Entry::from).collect(),
        };
        Item {
            key: item.key,
            version: item.version,
            fields: item.fields,
            lists: item.lists.into_iter().map(list).collect(),
        }
    }
}

impl From<backend::Entry> for Entry {
    fn from(entry: backend::Entry) -> Entry {
        Entry { id: entry.id, fields: entry.fields }
    }
}

impl From<backend::Summary> for Summary {
    fn from(summary: backend::Summary) -> Summary {
        let backend::Summary { key, version, fields, counts } = summary;
        Summary { key, version, fields, counts }
    }
}

impl From<backend::Insert> for InsertOutcome {
    fn from(insert: backend::Insert) -> InsertOutcome {
        match insert {
            backend::Insert::Inserted(version) => InsertOutcome::Inserted(version),
            backend::Insert::Repeated(item) => InsertOutcome::Repeated(item.into()),
            backend::Insert::Exists(item) => InsertOutcome::Exists(item.into()),
        }
    }
}

impl From<backend::Update> for UpdateOutcome {
    fn from(update: backend::Update) -> UpdateOutcome {
        match update {
            backend::Update::Missing => UpdateOutcome::Missing,
            backend::Update::Duplicate(entry) => UpdateOutcome::Duplicate(entry.into()),
            backend::Update::Stale(item) => UpdateOutcome::Stale(item.into()),
            backend::Update::Refused(item) => UpdateOutcome::Refused(item.into()),
            backend::Update::Full => UpdateOutcome::Full,
            backend::Update::Updated(version) => UpdateOutcome::Updated(version),
        }
    }
}
