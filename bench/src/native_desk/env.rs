//! The environment of the native desk: requests, the host's store, the wall clock and randomness.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use desk::store::{Append, Change, Entry, Error, Fields, Insert, Item, Page, Query, Summary, Update};
use desk::{Clock, Random};
use portdesk::sandbox::Request;
use portdesk::store::{self as host, GuestStore};
use rand::Rng;

use super::fiber::Waiting;

/// The host's store for one request.
pub(super) struct DeskStore<'a>(RefCell<(GuestStore, Waiting<'a>)>);

impl<'a> DeskStore<'a> {
    pub(super) fn new(store: GuestStore, waiting: Waiting<'a>) -> DeskStore<'a> {
        DeskStore(RefCell::new((store, waiting)))
    }
}

impl desk::store::Store for DeskStore<'_> {
    fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        let (store, waiting) = &mut *self.0.borrow_mut();
        waiting.wait(store.get(key.to_owned())).map(|found| found.map(item)).map_err(error)
    }

    fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        let (store, waiting) = &mut *self.0.borrow_mut();
        let outcome = waiting.wait(store.insert(key.to_owned(), fields, change_id.to_owned()));
        Ok(match outcome.map_err(error)? {
            host::InsertOutcome::Inserted(version) => Insert::Inserted(version),
            host::InsertOutcome::Repeated(found) => Insert::Repeated(item(found)),
            host::InsertOutcome::Exists(found) => Insert::Exists(item(found)),
        })
    }

    fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        let (store, waiting) = &mut *self.0.borrow_mut();
        let outcome = waiting.wait(store.update(key.to_owned(), asked(change)));
        Ok(match outcome.map_err(error)? {
            host::UpdateOutcome::Missing => Update::Missing,
            host::UpdateOutcome::Duplicate(found) => Update::Duplicate(entry(found)),
            host::UpdateOutcome::Stale(found) => Update::Stale(item(found)),
            host::UpdateOutcome::Refused(found) => Update::Refused(item(found)),
            host::UpdateOutcome::Full => Update::Full,
            host::UpdateOutcome::Updated(version) => Update::Updated(version),
        })
    }

    fn query(&self, query: Query) -> Result<Page, Error> {
        let (store, waiting) = &mut *self.0.borrow_mut();
        let Query { index, value, limit, cursor } = query;
        let page = waiting.wait(store.query(host::IndexQuery { index, value, limit, cursor }));
        let host::Page { items, cursor } = page.map_err(error)?;
        Ok(Page { items: items.into_iter().map(summary).collect(), cursor })
    }
}

pub(super) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> (u64, u32) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (now.as_secs(), now.subsec_nanos())
    }
}

pub(super) struct Entropy;

impl Random for Entropy {
    fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        rand::rng().fill_bytes(&mut bytes);
        bytes
    }
}

fn asked(change: Change) -> host::Change {
    let Change { id, at_version, unless, unless_above, set, append } = change;
    let append = append.map(|Append { list, entry: Entry { id, fields }, max_entries }| host::Append {
        list,
        entry: host::Entry { id, fields },
        max_entries,
    });
    host::Change { id, at_version, unless, unless_above, set, append }
}

fn item(item: host::Item) -> Item {
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

fn error(error: host::Error) -> Error {
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

/// The request of a client, as the desk takes it.
pub(super) fn owned(request: &Request<'_>) -> desk::Request {
    let header = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    desk::Request {
        method: request.method.to_owned(),
        path: request.path.to_owned(),
        query: request.query.map(str::to_owned),
        headers: request.headers.iter().map(header).collect(),
        body: request.body.to_vec(),
        client: request.client.map(str::to_owned),
        request_id: request.request_id.to_owned(),
    }
}
