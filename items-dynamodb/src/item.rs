//! Attributes from and to items.

use items::{Entry, Fields, Item, List, STORES_PREFIX, Schema, Summary};

use crate::{AttributeValue, Attributes, Error, layout};

/// An item, and what the store keeps beside it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) item: Item,
    pub(crate) created_by: Option<String>,
    pub(crate) changed_by: Option<String>,
}

impl Stored {
    /// Reads an item, whoever wrote it. Attributes that are no strings and no lists of the schema are another
    /// program's: they are left out here, and left alone in the table.
    pub(crate) fn read(schema: &Schema, attributes: Attributes) -> Result<Stored, Error> {
        let key = key(schema, &attributes)?;
        let version = version(&key, &attributes)?;
        let (created_by, changed_by) =
            (text(&attributes, layout::CREATED_BY), text(&attributes, layout::CHANGED_BY));
        let mut attributes = attributes;
        let mut lists = Vec::new();
        for list in &schema.lists {
            let entries = match attributes.remove(&list.name) {
                Some(AttributeValue::L(maps)) => entries(list, maps).ok_or_else(|| {
                    Error::Corrupt(format!("item {key:?}: an entry of {:?} is no map", list.name))
                })?,
                None => Vec::new(),
                Some(_) => return Err(Error::Corrupt(format!("item {key:?}: {:?} is no list", list.name))),
            };
            if !entries.is_empty() {
                lists.push((list.name.clone(), entries));
            }
        }
        lists.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let fields = fields(schema, attributes);
        Ok(Stored { item: Item { key, version, fields, lists }, created_by, changed_by })
    }

    /// The entries of a list, in order.
    pub(crate) fn entries(&self, list: &str) -> &[Entry] {
        let list = self.item.lists.iter().find(|(name, _)| name == list);
        list.map_or(&[], |(_, entries)| entries)
    }
}

/// Reads an item of an index, which may lack what its projection leaves out.
pub(crate) fn summary(schema: &Schema, attributes: Attributes) -> Result<Summary, Error> {
    let key = key(schema, &attributes)?;
    let version = version(&key, &attributes)?;
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
    Ok(Summary { key, version, counts, fields: fields(schema, attributes) })
}

/// The attributes of a new item. Its lists are there from the start, empty, as other programs expect them.
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

/// The key of an item, as a request names it.
pub(crate) fn key_of(schema: &Schema, key: &str) -> Attributes {
    Attributes::from([(schema.key_field.clone(), AttributeValue::S(key.to_owned()))])
}

/// An entry as an element of its list.
pub(crate) fn element(list: &List, entry: Entry) -> AttributeValue {
    let mut element = map(entry.fields);
    element.insert(list.id_field.clone(), AttributeValue::S(entry.id));
    AttributeValue::M(element)
}

/// The version; none where another program stored the item.
pub(crate) fn stored_version(attributes: &Attributes) -> Option<&AttributeValue> {
    attributes.get(layout::VERSION)
}

/// Reads the version, which is 0 where there is none.
pub(crate) fn version(key: &str, attributes: &Attributes) -> Result<u64, Error> {
    let damaged = || Error::Corrupt(format!("item {key:?}: {} is no version", layout::VERSION));
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

/// None where one is no map.
fn entries(list: &List, maps: Vec<AttributeValue>) -> Option<Vec<Entry>> {
    let entry = |(place, map): (usize, AttributeValue)| {
        let AttributeValue::M(mut map) = map else { return None };
        let id = match map.remove(&list.id_field) {
            Some(AttributeValue::S(id)) => id,
            Some(_) | None => layout::entry_id(place),
        };
        Some(Entry { id, fields: strings(map) })
    };
    maps.into_iter().enumerate().map(entry).collect()
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
