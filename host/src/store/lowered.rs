//! What a guest gets, in the records of the WIT: lowered into its memory straight from what the store shares.
//!
//! What bindgen makes of these records owns its strings, so that every string of a page would be copied in the host before
//! it is copied into the guest. Whether they are those of `wit/key-value.wit`, the linker checks.

use wasmtime::component::{ComponentType, Lower};

use crate::backend::{self, SharedFields};

/// As `item`.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub struct Item {
    /// What it is stored under.
    pub key: String,
    /// Another one after every update.
    pub version: u64,
    /// Sorted by name.
    pub fields: SharedFields,
    /// The lists that have entries, sorted by name.
    pub lists: Vec<EntryList>,
}

/// As `entry-list`.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub struct EntryList {
    /// The name of the list.
    pub name: String,
    /// In the order in which they were appended.
    pub entries: Vec<Entry>,
}

/// As `entry`.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub struct Entry {
    /// Names it within its list.
    pub id: String,
    /// Sorted by name.
    pub fields: SharedFields,
}

/// As `summary`.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub struct Summary {
    /// What the item is stored under.
    pub key: String,
    /// That of the item.
    pub version: u64,
    /// Sorted by name.
    pub fields: SharedFields,
    /// How many entries each list has, sorted by name.
    pub counts: Vec<(String, u32)>,
}

/// As `page`.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub struct Page {
    /// The items, in order.
    pub items: Vec<Summary>,
    /// Where to read on; none where the list ended.
    pub cursor: Option<String>,
}

/// As `insert-outcome`.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(variant)]
pub enum InsertOutcome {
    /// The item is stored and has this version.
    #[component(name = "inserted")]
    Inserted(u64),
    /// This very insert was stored before.
    #[component(name = "repeated")]
    Repeated(Item),
    /// Another insert holds the key.
    #[component(name = "exists")]
    Exists(Item),
}

/// As `update-outcome`.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(variant)]
pub enum UpdateOutcome {
    /// There is no item.
    #[component(name = "missing")]
    Missing,
    /// The list has an entry with the id.
    #[component(name = "duplicate")]
    Duplicate(Entry),
    /// The item is at another version.
    #[component(name = "stale")]
    Stale(Item),
    /// A field has a forbidden value.
    #[component(name = "refused")]
    Refused(Item),
    /// The list, or the item, can take no more.
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
