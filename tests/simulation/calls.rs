//! The store as the desk calls it: each call leaves the stack of the desk and returns with the reply of the host's store.

use corosensei::Yielder;
use desk::store::{Append, Change, Entry, Error, Fields, Insert, Item, Page, Query, Store, Summary, Update};
use portdesk::store::{self as host, GuestStore};

/// A call of the desk.
pub(crate) enum Call {
    Get(String),
    Insert(String, Fields, String),
    Update(String, Change),
    Query(Query),
}

/// What the desk goes on with.
pub(crate) enum Reply {
    Begin,
    Get(Result<Option<Item>, Error>),
    Insert(Result<Insert, Error>),
    Update(Result<Update, Error>),
    Query(Result<Page, Error>),
}

pub(crate) struct Calls<'a>(pub(crate) &'a Yielder<Reply, Call>);

impl Store for Calls<'_> {
    fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        let Reply::Get(reply) = self.0.suspend(Call::Get(key.to_owned())) else { unreachable!() };
        reply
    }

    fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        let call = Call::Insert(key.to_owned(), fields, change_id.to_owned());
        let Reply::Insert(reply) = self.0.suspend(call) else { unreachable!() };
        reply
    }

    fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        let Reply::Update(reply) = self.0.suspend(Call::Update(key.to_owned(), change)) else {
            unreachable!()
        };
        reply
    }

    fn query(&self, query: Query) -> Result<Page, Error> {
        let Reply::Query(reply) = self.0.suspend(Call::Query(query)) else { unreachable!() };
        reply
    }
}

/// Makes a call of the host's store.
pub(crate) async fn reply(mut store: GuestStore, call: Call) -> Reply {
    match call {
        Call::Get(key) => Reply::Get(store.get(key).await.map(|found| found.map(item)).map_err(error)),
        Call::Insert(key, fields, change_id) => {
            Reply::Insert(store.insert(key, fields, change_id).await.map_err(error).map(|outcome| {
                match outcome {
                    host::InsertOutcome::Inserted(version) => Insert::Inserted(version),
                    host::InsertOutcome::Repeated(found) => Insert::Repeated(item(found)),
                    host::InsertOutcome::Exists(found) => Insert::Exists(item(found)),
                }
            }))
        }
        Call::Update(key, change) => Reply::Update(
            store.update(key, asked(change)).await.map_err(error).map(|outcome| match outcome {
                host::UpdateOutcome::Missing => Update::Missing,
                host::UpdateOutcome::Duplicate(found) => Update::Duplicate(entry(found)),
                host::UpdateOutcome::Stale(found) => Update::Stale(item(found)),
                host::UpdateOutcome::Refused(found) => Update::Refused(item(found)),
                host::UpdateOutcome::Full => Update::Full,
                host::UpdateOutcome::Updated(version) => Update::Updated(version),
            }),
        ),
        Call::Query(Query { index, value, limit, cursor }) => {
            let page = store.query(host::IndexQuery { index, value, limit, cursor }).await;
            Reply::Query(page.map_err(error).map(|host::Page { items, cursor }| Page {
                items: items.into_iter().map(summary).collect(),
                cursor,
            }))
        }
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
