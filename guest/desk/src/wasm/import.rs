//! Calls the component's imports: `key-value`, the wall clock and randomness.

use alloc::string::String;
use alloc::vec::Vec;

use super::bindings::portdesk::desk::key_value as wit;
use super::bindings::wasi::clocks::wall_clock;
use super::bindings::wasi::random::random;
use crate::env::{Clock, Random};
use crate::store::{Append, Change, Entry, Error, Fields, Insert, Item, Page, Query, Store, Summary, Update};

pub(super) struct KeyValue;

impl Store for KeyValue {
    fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        wit::get(key).map(|found| found.map(item)).map_err(error)
    }

    fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        match wit::insert(key, &fields, change_id).map_err(error)? {
            wit::InsertOutcome::Inserted(version) => Ok(Insert::Inserted(version)),
            wit::InsertOutcome::Repeated(found) => Ok(Insert::Repeated(item(found))),
            wit::InsertOutcome::Exists(found) => Ok(Insert::Exists(item(found))),
        }
    }

    fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        let Change { id, at_version, unless, unless_above, set, append } = change;
        let append = append.map(|Append { list, entry, max_entries }| {
            let Entry { id, fields } = entry;
            wit::Append { list, entry: wit::Entry { id, fields }, max_entries }
        });
        match wit::update(key, &wit::Change { id, at_version, unless, unless_above, set, append })
            .map_err(error)?
        {
            wit::UpdateOutcome::Missing => Ok(Update::Missing),
            wit::UpdateOutcome::Duplicate(found) => Ok(Update::Duplicate(entry(found))),
            wit::UpdateOutcome::Stale(found) => Ok(Update::Stale(item(found))),
            wit::UpdateOutcome::Refused(found) => Ok(Update::Refused(item(found))),
            wit::UpdateOutcome::Full => Ok(Update::Full),
            wit::UpdateOutcome::Updated(version) => Ok(Update::Updated(version)),
        }
    }

    fn query(&self, query: Query) -> Result<Page, Error> {
        let Query { index, value, limit, cursor } = query;
        let page = wit::query(&wit::IndexQuery { index, value, limit, cursor }).map_err(error)?;
        Ok(Page { items: page.items.into_iter().map(summary).collect(), cursor: page.cursor })
    }
}

pub(super) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> (u64, u32) {
        let wall_clock::Datetime { seconds, nanoseconds } = wall_clock::now();
        (seconds, nanoseconds)
    }
}

pub(super) struct HostRandom;

impl Random for HostRandom {
    fn bytes(&self) -> [u8; 16] {
        let halves = (u128::from(random::get_random_u64()), u128::from(random::get_random_u64()));
        (halves.0 << 64 | halves.1).to_le_bytes()
    }
}

fn item(item: wit::Item) -> Item {
    let wit::Item { key, version, fields, lists } = item;
    let lists = lists.into_iter().map(|list| (list.name, list.entries.into_iter().map(entry).collect()));
    Item { key, version, fields, lists: lists.collect::<Vec<(String, Vec<Entry>)>>() }
}

fn entry(entry: wit::Entry) -> Entry {
    let wit::Entry { id, fields } = entry;
    Entry { id, fields }
}

fn summary(summary: wit::Summary) -> Summary {
    let wit::Summary { key, version, fields, counts } = summary;
    Summary { key, version, fields, counts }
}

fn error(error: wit::Error) -> Error {
    match error {
        wit::Error::Throttled(retry_after_ms) => Error::Throttled(retry_after_ms),
        wit::Error::Unavailable => Error::Unavailable,
        wit::Error::Unknown => Error::Unknown,
        wit::Error::TooLarge => Error::TooLarge,
        wit::Error::InvalidCursor => Error::InvalidCursor,
        wit::Error::Invalid => Error::Invalid,
        wit::Error::Corrupt => Error::Corrupt,
        wit::Error::Misconfigured => Error::Misconfigured,
    }
}
