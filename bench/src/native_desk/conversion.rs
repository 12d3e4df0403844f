//! Between the store of the host and the store as the desk knows it. The simulation and the fuzz targets have this file too.

use desk::store::{Append, Change, Entry, Error, Insert, Item, Page, Query, Summary, Update};
use portdesk::store as host;

pub(crate) fn inserted(outcome: host::InsertOutcome) -> Insert {
    match outcome {
        host::InsertOutcome::Inserted(version) => Insert::Inserted(version),
        host::InsertOutcome::Repeated(found) => Insert::Repeated(item(found)),
        host::InsertOutcome::Exists(found) => Insert::Exists(item(found)),
    }
}

pub(crate) fn updated(outcome: host::UpdateOutcome) -> Update {
    match outcome {
        host::UpdateOutcome::Missing => Update::Missing,
        host::UpdateOutcome::Duplicate(found) => Update::Duplicate(entry(found)),
        host::UpdateOutcome::Stale(found) => Update::Stale(item(found)),
        host::UpdateOutcome::Refused(found) => Update::Refused(item(found)),
        host::UpdateOutcome::Full => Update::Full,
        host::UpdateOutcome::Updated(version) => Update::Updated(version),
    }
}

pub(crate) fn query_of(query: Query) -> host::IndexQuery {
    let Query { index, value, limit, cursor } = query;
    host::IndexQuery { index, value, limit, cursor }
}

pub(crate) fn page(page: host::Page) -> Page {
    let host::Page { items, cursor } = page;
    Page { items: items.into_iter().map(summary).collect(), cursor }
}

pub(crate) fn asked(change: Change) -> host::Change {
    let Change { id, at_version, unless, unless_above, set, append } = change;
    let append = append.map(|Append { list, entry: Entry { id, fields }, max_entries }| host::Append {
        list,
        entry: host::Entry { id, fields },
        max_entries,
    });
    host::Change { id, at_version, unless, unless_above, set, append }
}

pub(crate) fn item(item: host::Item) -> Item {
    let host::Item { key, version, fields, lists } = item;
    let list = |list: host::EntryList| (list.name, list.entries.into_iter().map(entry).collect());
    Item { key, version, fields, lists: lists.into_iter().map(list).collect() }
}

fn entry(entry: host::Entry) -> Entry {
    let host::Entry { id, fields } = entry;
    Entry { id, fields }
}

fn summary(summary: host::Summary) -> Summary {
    let host::Summary { key, version, fields, counts } = summary;
    Summary { key, version, fields, counts }
}

pub(crate) fn error(error: host::Error) -> Error {
    match error {
        host::Error::Corrupt => Error::Corrupt,
        host::Error::Invalid => Error::Invalid,
        host::Error::InvalidCursor => Error::InvalidCursor,
        host::Error::Misconfigured => Error::Misconfigured,
        host::Error::Throttled(retry_after_ms) => Error::Throttled(retry_after_ms),
        host::Error::TooLarge => Error::TooLarge,
        host::Error::Unavailable => Error::Unavailable,
        host::Error::Unknown => Error::Unknown,
    }
}
