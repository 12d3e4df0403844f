//! The store as the desk calls it: each call leaves the stack of the desk and returns with the reply of the host's store.

use corosensei::Yielder;
use desk::store::{Change, Error, Fields, Insert, Item, Page, Query, Store, Update};
use portdesk::store::GuestStore;

use crate::conversion::{asked, error, inserted, item, page, query_of, updated};

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
            Reply::Insert(store.insert(key, fields, change_id).await.map(inserted).map_err(error))
        }
        Call::Update(key, change) => {
            Reply::Update(store.update(key, asked(change)).await.map(updated).map_err(error))
        }
        Call::Query(query) => Reply::Query(store.query(query_of(query)).await.map(page).map_err(error)),
    }
}
