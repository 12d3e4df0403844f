//! Items in memory, for one caller at a time.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::listing::Listings;
use crate::record::{Record, TooLargeError, Verdict};
use crate::{Change, Entry, Fields, Insert, Item, Page, Query, Schema, Update};

/// Items in memory. Every write is immediately visible in the indexes. A clone shares the stored items with the original;
/// a later change of either of them copies the item that it changes.
#[derive(Debug, Clone)]
pub struct MemoryItems {
    items: BTreeMap<String, Arc<Stored>>,
    listings: Listings,
}

impl MemoryItems {
    /// An empty store with the indexes of the schema.
    #[must_use]
    pub fn new(schema: &Schema) -> MemoryItems {
        MemoryItems { items: BTreeMap::new(), listings: Listings::new(schema) }
    }

    /// The stored item under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Arc<Stored>> {
        self.items.get(key).cloned()
    }

    /// Stores a new item unless the key is taken.
    pub fn insert(&mut self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, TooLargeError> {
        let record = Record::new(key, fields, change_id.to_owned())?;
        let Some(stored) = self.items.get(key) else {
            let version = record.version;
            self.store(key, Stored { record: Arc::new(record), lists: BTreeMap::new() });
            return Ok(Insert::Inserted(version));
        };
        let item = stored.item(key);
        let same = stored.record.insert_change == change_id;
        Ok(if same { Insert::Repeated(item) } else { Insert::Exists(item) })
    }

    /// Applies `change` to the item under `key`, completely or not at all.
    pub fn update(&mut self, key: &str, change: Change) -> Update {
        let Some(stored) = self.items.get(key) else { return Update::Missing };
        let known = change.append.as_ref().and_then(|append| stored.entry(&append.list, &append.entry.id));
        let record = match stored.record.judge(&change, known) {
            Verdict::Applied(record) => record,
            Verdict::Duplicate(entry) => return Update::Duplicate(entry),
            Verdict::Repeated => return Update::Updated(stored.record.version),
            Verdict::Stale => return Update::Stale(stored.item(key)),
            Verdict::Refused => return Update::Refused(stored.item(key)),
            Verdict::Full => return Update::Full,
        };
        let version = record.version;
        let Some(stored) = self.items.remove(key) else { return Update::Missing };
        // This copies the lists only if a reader still shares the old item.
        let mut lists = Arc::unwrap_or_clone(stored).lists;
        if let Some(append) = change.append {
            lists.entry(append.list).or_default().push(append.entry);
        }
        self.store(key, Stored { record: Arc::new(record), lists });
        Update::Updated(version)
    }

    /// An empty store with the same indexes.
    #[must_use]
    pub fn emptied(&self) -> MemoryItems {
        MemoryItems { items: BTreeMap::new(), listings: self.listings.emptied() }
    }

    /// Stores an item as it was in another store, with its version and the ids of its changes. It replaces an item with the
    /// same key. The lists must be those that the record counts.
    pub fn load(&mut self, key: &str, record: Record, lists: Vec<(String, Vec<Entry>)>) {
        self.store(key, Stored { record: Arc::new(record), lists: lists.into_iter().collect() });
    }

    /// All items by key ascending.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Stored>)> {
        self.items.iter().map(|(key, stored)| (key.as_str(), stored))
    }

    /// A page of an index. Returns `None` if the schema has no such index.
    #[must_use]
    pub fn query(&self, query: &Query) -> Option<Page> {
        self.listings.page(query)
    }

    fn store(&mut self, key: &str, stored: Stored) {
        self.listings.show(key, Arc::clone(&stored.record));
        self.items.insert(key.to_owned(), Arc::new(stored));
    }
}

/// A stored item.
#[derive(Debug, Clone)]
pub struct Stored {
    record: Arc<Record>,
    lists: BTreeMap<String, Vec<Entry>>,
}

impl Stored {
    /// The item under `key`. Its fields and the fields of its entries are shared, not copied.
    #[must_use]
    pub fn item(&self, key: &str) -> Item {
        let lists = self.lists.iter().map(|(name, entries)| (name.clone(), entries.clone())).collect();
        Item {
            key: key.to_owned(),
            version: self.record.version,
            fields: Arc::clone(&self.record.fields),
            lists,
        }
    }

    /// The item without its entries.
    #[must_use]
    pub fn record(&self) -> Arc<Record> {
        Arc::clone(&self.record)
    }

    fn entry(&self, list: &str, id: &str) -> Option<Entry> {
        self.lists.get(list)?.iter().find(|entry| entry.id == id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn a_read_shares_the_fields_and_a_change_leaves_them_to_the_reader() {
        let schema = Schema { key_field: "id".into(), listed: vec![], lists: vec![], indexes: vec![] };
        let mut items = MemoryItems::new(&schema);
        let fields = |value: &str| vec![("state".to_owned(), value.to_owned())];
        assert_eq!(items.insert("a", fields("open"), "made"), Ok(Insert::Inserted(1)));
        let read = |items: &MemoryItems| items.get("a").map(|stored| stored.item("a").fields).unwrap();
        let before = read(&items);
        assert!(Arc::ptr_eq(&before, &read(&items)));
        let change = Change {
            id: "shut".into(),
            at_version: None,
            unless: vec![],
            unless_above: Vec::new(),
            set: fields("shut"),
            append: None,
        };
        assert_eq!(items.update("a", change), Update::Updated(2));
        assert_eq!((&*before, &*read(&items)), (&fields("open"), &fields("shut")));
    }

    #[test]
    fn a_clone_shares_its_items_and_later_changes_stay_apart() {
        let index = crate::Index {
            name: "ByState".into(),
            partition: "state".into(),
            order: "state".into(),
            optional: false,
        };
        let schema =
            Schema { key_field: "id".into(), listed: vec![], lists: vec![], indexes: vec![index.clone()] };
        let mut items = MemoryItems::new(&schema);
        let fields = |value: &str| vec![("state".to_owned(), value.to_owned())];
        items.insert("a", fields("open"), "made").unwrap();
        let copy = items.clone();
        assert!(Arc::ptr_eq(&items.get("a").unwrap(), &copy.get("a").unwrap()));
        items.insert("b", fields("open"), "made").unwrap();
        let keys = |items: &MemoryItems| items.iter().map(|(key, _)| key.to_owned()).collect::<Vec<_>>();
        let listed = |items: &MemoryItems| {
            let query = Query { index: index.name.clone(), value: "open".into(), limit: 9, after: None };
            items.query(&query).unwrap().items.len()
        };
        assert_eq!((keys(&items), listed(&items)), (vec!["a".to_owned(), "b".to_owned()], 2));
        assert_eq!((keys(&copy), listed(&copy)), (vec!["a".to_owned()], 1));
        assert_eq!((keys(&items.emptied()), listed(&items.emptied())), (vec![], 0));
    }
}
