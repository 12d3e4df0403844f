//! Items in memory, for one caller at a time.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::listing::Listings;
use crate::record::{Record, TooLargeError, Verdict};
use crate::{Change, Entry, Fields, Insert, Item, Page, Query, Schema, Update, fields_size};

/// Items in memory. Every write is immediately visible in the indexes. A clone shares the stored items with the original;
/// a later change of either of them copies the item that it changes.
#[derive(Debug, Clone)]
pub struct MemoryItems {
    items: BTreeMap<String, Arc<Stored>>,
    listings: Listings,
    /// The sizes of all items together.
    bytes: usize,
}

impl MemoryItems {
    /// An empty store with the indexes of the schema.
    #[must_use]
    pub fn new(schema: &Schema) -> MemoryItems {
        MemoryItems { items: BTreeMap::new(), listings: Listings::new(schema), bytes: 0 }
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
        let record = match stored.record.judge(&change, stored.known(&change)) {
            Verdict::Applied(record) => record,
            Verdict::Duplicate(entry) => return Update::Duplicate(entry),
            Verdict::Repeated => return Update::Updated(stored.record.version),
            Verdict::Stale => return Update::Stale(stored.item(key)),
            Verdict::Refused => return Update::Refused(stored.item(key)),
            Verdict::Full => return Update::Full,
        };
        let version = record.version;
        let Some(stored) = self.items.remove(key) else { return Update::Missing };
        self.bytes -= stored.record.size;
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
        MemoryItems { items: BTreeMap::new(), listings: self.listings.emptied(), bytes: 0 }
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

    /// The sizes of all items together, as they count towards [`ITEM_LIMIT_BYTES`](crate::ITEM_LIMIT_BYTES).
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// By how many bytes an insert would make the items larger. It is 0 if the key is taken.
    #[must_use]
    pub fn growth_of_insert(&self, key: &str, fields: &[(String, String)]) -> usize {
        if self.items.contains_key(key) { 0 } else { key.len() + fields_size(fields) }
    }

    /// By how many bytes an update would make the items larger. It is 0 if the update would not be applied.
    #[must_use]
    pub fn growth_of_update(&self, key: &str, change: &Change) -> usize {
        let Some(stored) = self.items.get(key) else { return 0 };
        match stored.record.judge(change, stored.known(change)) {
            Verdict::Applied(record) => record.size.saturating_sub(stored.record.size),
            Verdict::Duplicate(_) | Verdict::Repeated | Verdict::Stale | Verdict::Refused | Verdict::Full => {
                0
            }
        }
    }

    /// A page of an index. Returns `None` if the schema has no such index.
    #[must_use]
    pub fn query(&self, query: &Query) -> Option<Page> {
        self.listings.page(query)
    }

    fn store(&mut self, key: &str, stored: Stored) {
        self.listings.show(key, Arc::clone(&stored.record));
        self.bytes += stored.record.size;
        if let Some(before) = self.items.insert(key.to_owned(), Arc::new(stored)) {
            self.bytes -= before.record.size;
        }
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

    /// The entry that the change would append, if it is there already.
    fn known(&self, change: &Change) -> Option<Entry> {
        let append = change.append.as_ref()?;
        self.lists.get(&append.list)?.iter().find(|entry| entry.id == append.entry.id).cloned()
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
    fn the_bytes_are_those_of_the_items_and_a_growth_is_known_before() {
        let schema = Schema { key_field: "id".into(), listed: vec![], lists: vec![], indexes: vec![] };
        let mut items = MemoryItems::new(&schema);
        let fields = |value: &str| vec![("state".to_owned(), value.to_owned())];
        let change = |id: &str, value: &str, entry: &str| Change {
            id: id.into(),
            at_version: None,
            unless: vec![],
            unless_above: Vec::new(),
            set: fields(value),
            append: (!entry.is_empty()).then(|| crate::Append {
                list: "notes".into(),
                entry: Entry { id: entry.into(), fields: Arc::new(fields("x")) },
                max_entries: 9,
            }),
        };
        let sum = |items: &MemoryItems| items.iter().map(|(_, stored)| stored.record.size).sum::<usize>();
        let growth = items.growth_of_insert("a", &fields("open"));
        items.insert("a", fields("open"), "made").unwrap();
        assert_eq!((items.bytes(), sum(&items)), (growth, growth));
        assert_eq!(items.growth_of_insert("a", &fields("open")), 0, "the key is taken");
        for change in [change("1", "in work", ""), change("2", "shut", "n1"), change("3", "s", "n2")] {
            let (before, growth) = (items.bytes(), items.growth_of_update("a", &change));
            assert_eq!(
                items.update("a", change.clone()),
                Update::Updated(items.get("a").unwrap().record.version)
            );
            assert_eq!((items.bytes(), items.bytes().saturating_sub(before)), (sum(&items), growth));
            assert_eq!(items.growth_of_update("a", &change), 0, "it is done already");
        }
        let record = Record::clone(&items.get("a").unwrap().record());
        items.load("a", record, vec![]);
        assert_eq!((items.bytes(), items.emptied().bytes()), (sum(&items), 0));
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
