//! A store in memory that keeps the promises of `wit/key-value.wit`.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::store::{Change, Entry, Error, Fields, Insert, Item, Page, Query, Store, Summary, Update};

#[derive(Default)]
pub(super) struct Memory {
    pub(super) items: RefCell<BTreeMap<String, Stored>>,
}

#[derive(Clone)]
pub(super) struct Stored {
    pub(super) item: Item,
    inserted_by: String,
    changed_by: String,
}

impl Memory {
    /// Stores an item as another program would store it.
    pub(super) fn plant(&self, item: Item) {
        let stored = Stored { inserted_by: String::new(), changed_by: String::new(), item };
        self.items.borrow_mut().insert(stored.item.key.clone(), stored);
    }

    /// Returns the value of a field.
    pub(super) fn field(&self, key: &str, name: &str) -> String {
        field(&self.items.borrow()[key].item, name).unwrap().to_string()
    }

    /// Changes a field as another program would, without a new version.
    pub(super) fn set_field(&self, key: &str, name: &str, value: &str) {
        let mut items = self.items.borrow_mut();
        let fields = &mut items.get_mut(key).unwrap().item.fields;
        fields.iter_mut().find(|(field, _)| field == name).unwrap().1 = value.to_string();
    }
}

impl Store for Memory {
    fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        Ok(self.items.borrow().get(key).map(|stored| stored.item.clone()))
    }

    fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        assert!((1..=128).contains(&key.len()) && (1..=64).contains(&change_id.len()), "{key} {change_id}");
        assert!(fields.is_sorted(), "{fields:?}");
        let mut items = self.items.borrow_mut();
        if let Some(stored) = items.get(key) {
            let repeated = stored.inserted_by == change_id;
            let item = stored.item.clone();
            return Ok(if repeated { Insert::Repeated(item) } else { Insert::Exists(item) });
        }
        let item = Item { key: key.into(), version: 1, fields, lists: Vec::new() };
        let stored = Stored { item, inserted_by: change_id.into(), changed_by: change_id.into() };
        items.insert(key.into(), stored);
        Ok(Insert::Inserted(1))
    }

    fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        assert!(change.unless.is_sorted_by_key(|(name, _)| name) && change.set.is_sorted(), "{change:?}");
        let mut items = self.items.borrow_mut();
        let Some(stored) = items.get_mut(key) else { return Ok(Update::Missing) };
        if let Some(known) =
            change.append.as_ref().and_then(|append| entry(&stored.item, &append.list, &append.entry.id))
        {
            return Ok(Update::Duplicate(known));
        }
        if stored.changed_by == change.id {
            return Ok(Update::Updated(stored.item.version));
        }
        if change.at_version.is_some_and(|version| version != stored.item.version) {
            return Ok(Update::Stale(stored.item.clone()));
        }
        let above = |(name, value): &(String, String)| field(&stored.item, name) > Some(value);
        let fields = &stored.item.fields;
        if change.unless.iter().any(|pair| fields.contains(pair)) || change.unless_above.iter().any(above) {
            return Ok(Update::Refused(stored.item.clone()));
        }
        let mut item = stored.item.clone();
        apply(&mut item, &change);
        let over = change.append.as_ref().is_some_and(|a| count(&item, &a.list) > a.max_entries as usize);
        if over || size(&item) > 400 * 1024 {
            return Ok(Update::Full);
        }
        *stored = Stored { changed_by: change.id, inserted_by: stored.inserted_by.clone(), item };
        Ok(Update::Updated(stored.item.version))
    }

    fn query(&self, query: Query) -> Result<Page, Error> {
        assert_eq!(query.index, "CallerIdIndex");
        assert!((1..=100).contains(&query.limit) && (1..=1024).contains(&query.value.len()), "{query:?}");
        let after = query.cursor.as_deref().map(|cursor| position(cursor, &query.value)).transpose()?;
        let items = self.items.borrow();
        let mut found: Vec<_> = items
            .values()
            .filter(|stored| field(&stored.item, "caller_id") == Some(query.value.as_str()))
            .filter_map(|stored| Some((field(&stored.item, "created_at")?, &stored.item)))
            .collect();
        found.sort_by_key(|(order, item)| core::cmp::Reverse((*order, item.key.as_str())));
        found.retain(|(order, item)| {
            after.as_ref().is_none_or(|(o, k)| (*order, item.key.as_str()) < (o.as_str(), k.as_str()))
        });
        let more = found.len() > query.limit as usize;
        found.truncate(query.limit as usize);
        let cursor = found
            .last()
            .filter(|_| more)
            .map(|(order, item)| format!("{}~{order}~{}", query.value.len(), item.key));
        Ok(Page { items: found.iter().map(|(_, item)| summary(item)).collect(), cursor })
    }
}

/// Returns the order value and the key in a cursor. Only the length of the index value binds a cursor to its list here.
fn position(cursor: &str, value: &str) -> Result<(String, String), Error> {
    let parts: Vec<_> = cursor.split('~').collect();
    match parts.as_slice() {
        [length, order, key] if *length == value.len().to_string() => {
            Ok((order.to_string(), key.to_string()))
        }
        _ => Err(Error::InvalidCursor),
    }
}

fn apply(item: &mut Item, change: &Change) {
    item.version += 1;
    for (name, value) in &change.set {
        item.fields.retain(|(field, _)| field != name);
        item.fields.push((name.clone(), value.clone()));
    }
    item.fields.sort();
    let Some(append) = &change.append else { return };
    assert!(append.entry.fields.is_sorted() && (1..=128).contains(&append.entry.id.len()), "{append:?}");
    match item.lists.iter_mut().find(|(name, _)| *name == append.list) {
        Some((_, entries)) => entries.push(append.entry.clone()),
        None => item.lists.push((append.list.clone(), [append.entry.clone()].into())),
    }
}

fn entry(item: &Item, list: &str, id: &str) -> Option<Entry> {
    let (_, entries) = item.lists.iter().find(|(name, _)| name == list)?;
    entries.iter().find(|entry| entry.id == id).cloned()
}

fn count(item: &Item, list: &str) -> usize {
    item.lists.iter().find(|(name, _)| name == list).map_or(0, |(_, entries)| entries.len())
}

fn summary(item: &Item) -> Summary {
    let counts =
        item.lists.iter().map(|(name, entries)| (name.clone(), u32::try_from(entries.len()).unwrap()));
    Summary {
        key: item.key.clone(),
        version: item.version,
        fields: item.fields.clone(),
        counts: counts.collect(),
    }
}

fn field<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

fn size(item: &Item) -> usize {
    let fields = |fields: &Fields| fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    let entries = item.lists.iter().flat_map(|(_, entries)| entries);
    item.key.len() + fields(&item.fields) + entries.map(|e| e.id.len() + fields(&e.fields)).sum::<usize>()
}
