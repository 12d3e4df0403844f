//! Converts items to attributes and back.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use alloc::sync::Arc;

use crate::{Entry, Error, Fields, Item, List, STORES_PREFIX, Schema, Summary};
use tracing::warn;

use crate::dynamodb::{AttributeValue, Attributes, layout};

/// An item, and the store's own attributes of it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) item: Item,
    pub(crate) created_by: Option<String>,
    pub(crate) changed_by: Option<String>,
}

impl Stored {
    /// Reads an item, which another program may have written. Attributes that are neither strings nor lists of the schema
    /// belong to other programs: they are left out here, and writes leave them unchanged in the table.
    pub(crate) fn read(schema: &Schema, attributes: Attributes) -> Result<Stored, Error> {
        let key = key(schema, &attributes)?;
        let version = version(&key, &attributes)?;
        let (created_by, changed_by) =
            (text(&attributes, layout::CREATED_BY), text(&attributes, layout::CHANGED_BY));
        let mut attributes = attributes;
        let mut lists = Vec::new();
        for list in &schema.lists {
            let entries = match attributes.remove(&list.name) {
                Some(AttributeValue::L(elements)) => entries(list, elements),
                None => Vec::new(),
                Some(_) => {
                    return Err(Error::Corrupt(format!("item {key:?}: {:?} is not a list", list.name)));
                }
            };
            if !entries.is_empty() {
                lists.push((list.name.clone(), entries));
            }
        }
        lists.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let fields = Arc::new(fields(schema, attributes));
        Ok(Stored { item: Item { key, version, fields, lists }, created_by, changed_by })
    }

    /// The entries of a list, in their order.
    pub(crate) fn entries(&self, list: &str) -> &[Entry] {
        let list = self.item.lists.iter().find(|(name, _)| name == list);
        list.map_or(&[], |(_, entries)| entries)
    }
}

/// Reads an item of an index. Attributes may be missing because the index does not project them. A damaged version is read
/// as 0, like a missing one, so that one damaged item does not make the whole page fail; `get` and `update` refuse
/// the item itself.
pub(crate) fn summary(schema: &Schema, attributes: Attributes) -> Result<Summary, Error> {
    let key = key(schema, &attributes)?;
    let version = version(&key, &attributes).unwrap_or_else(|error| {
        warn!(%error, "an item in a list is damaged");
        0
    });
    let count = |list: &List| {
        let count = match (attributes.get(&list.name), attributes.get(&layout::count(&list.name))) {
            (Some(AttributeValue::L(entries)), _) => u32::try_from(entries.len()).ok(),
            (_, Some(AttributeValue::N(count))) => count.parse().ok(),
            _ => None,
        };
        Some((list.name.clone(), count.filter(|count| *count > 0)?))
    };
    let mut counts: Vec<_> = schema.lists.iter().filter_map(count).collect();
    counts.sort_unstable();
    Ok(Summary { key, version, counts, fields: Arc::new(fields(schema, attributes)) })
}

/// The attributes of a new item. It has its lists from the start, empty, because other programs expect them.
pub(crate) fn new(schema: &Schema, key: &str, fields: Fields, change_id: &str) -> Attributes {
    let mut attributes = map(fields);
    for list in &schema.lists {
        attributes.insert(list.name.clone(), AttributeValue::L(Vec::new()));
        attributes.insert(layout::count(&list.name), AttributeValue::N("0".to_owned()));
    }
    attributes.insert(schema.key_field.clone(), AttributeValue::S(key.to_owned()));
    attributes.insert(layout::VERSION.to_owned(), AttributeValue::N("1".to_owned()));
    attributes.insert(layout::CREATED_BY.to_owned(), AttributeValue::S(change_id.to_owned()));
    attributes
}

/// The key of an item, as a request contains it.
pub(crate) fn key_of(schema: &Schema, key: &str) -> Attributes {
    Attributes::from([(schema.key_field.clone(), AttributeValue::S(key.to_owned()))])
}

/// An entry as an element of its list.
pub(crate) fn element(list: &List, entry: Entry) -> AttributeValue {
    let mut element = map(Arc::unwrap_or_clone(entry.fields));
    element.insert(list.id_field.clone(), AttributeValue::S(entry.id));
    AttributeValue::M(element)
}

/// The version; `None` if another program stored the item.
pub(crate) fn stored_version(attributes: &Attributes) -> Option<&AttributeValue> {
    attributes.get(layout::VERSION)
}

/// Reads the version. A missing version is 0.
pub(crate) fn version(key: &str, attributes: &Attributes) -> Result<u64, Error> {
    let damaged = || Error::Corrupt(format!("item {key:?}: {} is not a version", layout::VERSION));
    match stored_version(attributes) {
        None => Ok(0),
        Some(AttributeValue::N(version)) => version.parse().map_err(|_| damaged()),
        Some(_) => Err(damaged()),
    }
}

fn key(schema: &Schema, attributes: &Attributes) -> Result<String, Error> {
    let missing = || Error::Corrupt(format!("an item has no text in {:?}", schema.key_field));
    text(attributes, &schema.key_field).ok_or_else(missing)
}

fn text(attributes: &Attributes, name: &str) -> Option<String> {
    attributes.get(name)?.as_s().cloned()
}

/// Reads the elements of a list. Other programs may store an element as a string: it becomes an entry whose only field has
/// the name of the list. An element that is neither a map nor a string becomes an entry without fields.
fn entries(list: &List, elements: Vec<AttributeValue>) -> Vec<Entry> {
    let entry = |(place, element): (usize, AttributeValue)| {
        if let AttributeValue::M(mut map) = element {
            let id = map.remove(&list.id_field).and_then(entry_id);
            return Entry {
                id: id.unwrap_or_else(|| layout::entry_id(place)),
                fields: Arc::new(strings(map)),
            };
        }
        let text = if let AttributeValue::S(text) = element { Some(text) } else { None };
        let fields = Arc::new(text.map(|text| (list.name.clone(), text)).into_iter().collect());
        Entry { id: layout::entry_id(place), fields }
    };
    elements.into_iter().enumerate().map(entry).collect()
}

/// The id of an entry. Returns `None` if the entry has no id, or one that a set of strings cannot contain.
fn entry_id(value: AttributeValue) -> Option<String> {
    if let AttributeValue::S(id) | AttributeValue::N(id) = value {
        return Some(id).filter(|id| !id.is_empty());
    }
    None
}

fn fields(schema: &Schema, mut attributes: Attributes) -> Fields {
    attributes.retain(|name, _| *name != schema.key_field && !name.starts_with(STORES_PREFIX));
    strings(attributes)
}

fn strings(attributes: Attributes) -> Fields {
    let string = |(name, value)| if let AttributeValue::S(text) = value { Some((name, text)) } else { None };
    let mut fields: Fields = attributes.into_iter().filter_map(string).collect();
    fields.sort_unstable();
    fields
}

fn map(fields: Fields) -> Attributes {
    fields.into_iter().map(|(name, value)| (name, AttributeValue::S(value))).collect()
}
