//! The limits of `wit/key-value.wit` and `wit/schema.wit`. A store checks them before it handles a call.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;

use crate::{Append, Change, FIELDS_LIMIT, Fields, STORES_PREFIX, Schema};

/// The limit that a call or a schema breaks. This is a defect of the component.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// A change id has this many bytes.
    #[error("a change id has {0} bytes, not 1 to {CHANGE_ID_BYTES}")]
    ChangeId(usize),
    /// A field appears twice.
    #[error("a field named {0:?} appears twice")]
    FieldTwice(String),
    /// A call or an entry has this many fields.
    #[error("there are {0} fields, more than {FIELDS_LIMIT}")]
    Fields(usize),
    /// The value of an indexed field has this many bytes.
    #[error("the indexed field {0:?} has {1} bytes, not 1 to {INDEXED_BYTES}")]
    Indexed(String, usize),
    /// A key or an entry id has this many bytes.
    #[error("a key or an entry id has {0} bytes, not 1 to {KEY_BYTES}")]
    Key(usize),
    /// A query asks for this many items.
    #[error("a query has the limit {0}, not 1 to {QUERY_ITEMS}")]
    Limit(u32),
    /// A change gives a list this limit.
    #[error("a list has the limit {0}, not 1 to {LIST_ENTRIES} entries")]
    MaxEntries(u32),
    /// The name of a field or a list is malformed or used by something else.
    #[error(
        "a field or a list is named {0:?}, which is not 1 to {NAME_BYTES} bytes or is used by something else"
    )]
    Name(String),
    /// The schema does not have this index.
    #[error("the schema has no index {0:?}")]
    NoIndex(String),
    /// The schema does not have this list.
    #[error("the schema has no list {0:?}")]
    NoList(String),
    /// An index of the schema has a malformed or repeated name, or the schema has too many indexes.
    #[error("the schema's index {0:?} has a malformed or repeated name, or is one too many after {INDEXES}")]
    Index(String),
}

/// Checks a key or an entry id.
pub fn key(key: &str) -> Result<(), LimitError> {
    within(key.len(), KEY_BYTES).ok_or(LimitError::Key(key.len()))
}

/// Checks the id of a change.
pub fn change_id(id: &str) -> Result<(), LimitError> {
    within(id.len(), CHANGE_ID_BYTES).ok_or(LimitError::ChangeId(id.len()))
}

/// Checks the fields of an item and sorts them.
pub fn fields(schema: &Schema, fields: Fields) -> Result<Fields, LimitError> {
    let fields = sorted(fields)?;
    for (field, value) in &fields {
        let is_list = schema.lists.iter().any(|list| list.name == *field);
        if *field == schema.key_field || is_list {
            return Err(LimitError::Name(field.clone()));
        }
        if schema.indexes.iter().any(|index| index.partition == *field || index.order == *field) {
            indexed(field, value)?;
        }
    }
    Ok(fields)
}

/// Checks a change and sorts its fields.
pub fn change(schema: &Schema, change: Change) -> Result<Change, LimitError> {
    change_id(&change.id)?;
    Ok(Change {
        id: change.id,
        at_version: change.at_version,
        unless: forbidden(change.unless)?,
        unless_above: forbidden(change.unless_above)?,
        set: fields(schema, change.set)?,
        append: change.append.map(|entry| append(schema, entry)).transpose()?,
    })
}

/// Checks the fields of `unless` or `unless_above`. A field may appear there more than once, because each of several
/// values may forbid the change.
fn forbidden(fields: Fields) -> Result<Fields, LimitError> {
    if fields.len() > FIELDS_LIMIT {
        return Err(LimitError::Fields(fields.len()));
    }
    match fields.iter().find(|(name, _)| within(name.len(), NAME_BYTES).is_none()) {
        Some((name, _)) => Err(LimitError::Name(name.clone())),
        None => Ok(fields),
    }
}

fn append(schema: &Schema, mut append: Append) -> Result<Append, LimitError> {
    let Some(list) = schema.lists.iter().find(|list| list.name == append.list) else {
        return Err(LimitError::NoList(append.list));
    };
    key(&append.entry.id)?;
    within(append.max_entries as usize, LIST_ENTRIES).ok_or(LimitError::MaxEntries(append.max_entries))?;
    append.entry.fields = Arc::new(sorted(Arc::unwrap_or_clone(append.entry.fields))?);
    if let Some((name, _)) = append.entry.fields.iter().find(|(name, _)| *name == list.id_field) {
        return Err(LimitError::Name(name.clone()));
    }
    Ok(append)
}

/// Checks a query: the name of an index, the value of its partition field, and the most items to return.
pub fn query(schema: &Schema, index: &str, value: &str, limit: u32) -> Result<(), LimitError> {
    let known = schema.indexes.iter().find(|known| known.name == index);
    let known = known.ok_or_else(|| LimitError::NoIndex(index.to_owned()))?;
    indexed(&known.partition, value)?;
    within(limit as usize, QUERY_ITEMS).ok_or(LimitError::Limit(limit))
}

/// Checks the schema of a component, before a store is prepared for it.
pub fn schema(schema: &Schema) -> Result<(), LimitError> {
    let names = |names: &mut dyn Iterator<Item = &String>| {
        sorted(names.map(|name| (name.clone(), String::new())).collect())
    };
    let taken = names(&mut schema.lists.iter().map(|list| &list.name).chain([&schema.key_field]))?;
    let listed = names(&mut schema.listed.iter())?;
    if let Some((name, _)) = listed.iter().find(|(name, _)| taken.iter().any(|(taken, _)| taken == name)) {
        return Err(LimitError::Name(name.clone()));
    }
    for list in &schema.lists {
        names(&mut [&list.id_field].into_iter())?;
    }
    for (position, index) in schema.indexes.iter().enumerate() {
        let known = |name: &str| taken.iter().any(|(taken, _)| taken == name);
        let repeated = schema.indexes.iter().take(position).any(|other| other.name == index.name);
        if position >= INDEXES || repeated || !index_name(&index.name) {
            return Err(LimitError::Index(index.name.clone()));
        }
        let taken = [&index.partition, &index.order].into_iter().find(|field| known(field));
        if let Some(field) = taken {
            return Err(LimitError::Name(field.clone()));
        }
        sorted(vec![(index.partition.clone(), String::new()), (index.order.clone(), String::new())])?;
    }
    Ok(())
}

fn index_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (3..=64).contains(&name.len()) && name.bytes().all(allowed)
}

fn indexed(field: &str, value: &str) -> Result<(), LimitError> {
    within(value.len(), INDEXED_BYTES).ok_or_else(|| LimitError::Indexed(field.to_owned(), value.len()))
}

fn sorted(mut fields: Fields) -> Result<Fields, LimitError> {
    if fields.len() > FIELDS_LIMIT {
        return Err(LimitError::Fields(fields.len()));
    }
    let bad = |name: &str| within(name.len(), NAME_BYTES).is_none() || name.starts_with(STORES_PREFIX);
    if let Some((name, _)) = fields.iter().find(|(name, _)| bad(name)) {
        return Err(LimitError::Name(name.clone()));
    }
    fields.sort_unstable();
    for ((name, _), (next, _)) in fields.iter().zip(fields.iter().skip(1)) {
        if name == next {
            return Err(LimitError::FieldTwice(name.clone()));
        }
    }
    Ok(fields)
}

fn within(number: usize, most: usize) -> Option<()> {
    (1..=most).contains(&number).then_some(())
}

const CHANGE_ID_BYTES: usize = 64;
const INDEXED_BYTES: usize = 1024;
const INDEXES: usize = 20;
const KEY_BYTES: usize = 128;
const LIST_ENTRIES: usize = 10_000;
const NAME_BYTES: usize = 64;
/// The most items of a page.
pub const QUERY_ITEMS: usize = 100;

#[cfg(test)]
mod tests;
