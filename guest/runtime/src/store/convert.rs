//! Converts between the records of WIT and the types of `items`. Both have the same fields. The conversions check
//! nothing.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::bindings::exports::portdesk::desk::key_value as wit;
use super::bindings::portdesk::desk::schema::CollectionSchema;

/// Converts the schema of a component.
#[must_use]
pub fn schema(collection: CollectionSchema) -> items::Schema {
    let indexes = collection.indexes.into_iter().map(|index| items::Index {
        name: index.name,
        partition: index.partition,
        order: index.order,
        optional: index.optional,
    });
    let lists =
        collection.lists.into_iter().map(|list| items::List { name: list.name, id_field: list.id_field });
    items::Schema {
        key_field: collection.key_field,
        listed: collection.listed,
        lists: lists.collect(),
        indexes: indexes.collect(),
    }
}

/// Converts a change without checking it.
#[must_use]
pub fn change(change: wit::Change) -> items::Change {
    let wit::Change { id, at_version, unless, unless_above, set, append } = change;
    let append = append.map(|append| {
        let wit::Append { list, entry: wit::Entry { id, fields }, max_entries } = append;
        items::Append { list, entry: items::Entry { id, fields: Arc::new(fields) }, max_entries }
    });
    items::Change { id, at_version, unless, unless_above, set, append }
}

/// Converts the outcome of an insert.
#[must_use]
pub fn insert(outcome: items::Insert) -> wit::InsertOutcome {
    match outcome {
        items::Insert::Inserted(version) => wit::InsertOutcome::Inserted(version),
        items::Insert::Repeated(found) => wit::InsertOutcome::Repeated(item(found)),
        items::Insert::Exists(found) => wit::InsertOutcome::Exists(item(found)),
    }
}

/// Converts the outcome of an update.
#[must_use]
pub fn update(outcome: items::Update) -> wit::UpdateOutcome {
    match outcome {
        items::Update::Missing => wit::UpdateOutcome::Missing,
        items::Update::Duplicate(found) => wit::UpdateOutcome::Duplicate(entry(found)),
        items::Update::Stale(found) => wit::UpdateOutcome::Stale(item(found)),
        items::Update::Refused(found) => wit::UpdateOutcome::Refused(item(found)),
        items::Update::Full => wit::UpdateOutcome::Full,
        items::Update::Updated(version) => wit::UpdateOutcome::Updated(version),
    }
}

/// Converts an item with all its entries.
#[must_use]
pub fn item(item: items::Item) -> wit::Item {
    let items::Item { key, version, fields, lists } = item;
    let fields = Arc::unwrap_or_clone(fields);
    let list = |(name, entries): (String, Vec<items::Entry>)| wit::EntryList {
        name,
        entries: entries.into_iter().map(entry).collect(),
    };
    wit::Item { key, version, fields, lists: lists.into_iter().map(list).collect() }
}

fn entry(entry: items::Entry) -> wit::Entry {
    let items::Entry { id, fields } = entry;
    wit::Entry { id, fields: Arc::unwrap_or_clone(fields) }
}

/// Converts an item as an index shows it.
#[must_use]
pub fn summary(summary: items::Summary) -> wit::Summary {
    let items::Summary { key, version, fields, counts } = summary;
    wit::Summary { key, version, fields: Arc::unwrap_or_clone(fields), counts }
}
