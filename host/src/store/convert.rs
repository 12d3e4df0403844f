//! Converts the calls of a guest to those of a backend, and the results of a backend to those of the WIT. The types on both
//! sides have the same cases. A backend shares the fields of an item between callers; a result of the WIT owns them.

use std::sync::Arc;

use crate::backend;
use crate::bindings::portdesk::desk::key_value::{
    Append, Change, Entry, EntryList, Error, InsertOutcome, Item, Summary, UpdateOutcome,
};

/// The error that a guest gets for a backend's error. It has no text.
pub(super) fn error(error: &backend::Error) -> Error {
    match error {
        backend::Error::Corrupt(_) => Error::Corrupt,
        backend::Error::Invalid(_) => Error::Invalid,
        backend::Error::Misconfigured(_) => Error::Misconfigured,
        backend::Error::Throttled { retry_after } => {
            let milliseconds = |after: std::time::Duration| u32::try_from(after.as_millis());
            Error::Throttled(retry_after.map(|after| milliseconds(after).unwrap_or(u32::MAX)))
        }
        backend::Error::TooLarge => Error::TooLarge,
        backend::Error::Unavailable(_) => Error::Unavailable,
        backend::Error::Unknown(_) => Error::Unknown,
    }
}

impl From<Change> for backend::Change {
    fn from(change: Change) -> backend::Change {
        let Change { id, at_version, unless, unless_above, set, append } = change;
        backend::Change { id, at_version, unless, unless_above, set, append: append.map(Into::into) }
    }
}

impl From<Append> for backend::Append {
    fn from(append: Append) -> backend::Append {
        let Append { list, entry, max_entries } = append;
        let entry = backend::Entry { id: entry.id, fields: Arc::new(entry.fields) };
        backend::Append { list, entry, max_entries }
    }
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
            fields: Arc::unwrap_or_clone(item.fields),
            lists: item.lists.into_iter().map(list).collect(),
        }
    }
}

impl From<backend::Entry> for Entry {
    fn from(entry: backend::Entry) -> Entry {
        Entry { id: entry.id, fields: Arc::unwrap_or_clone(entry.fields) }
    }
}

impl From<backend::Summary> for Summary {
    fn from(summary: backend::Summary) -> Summary {
        let backend::Summary { key, version, fields, counts } = summary;
        Summary { key, version, fields: Arc::unwrap_or_clone(fields), counts }
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
