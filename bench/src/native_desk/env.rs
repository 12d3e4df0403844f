//! The environment of the native desk: requests, the host's store, the wall clock and randomness.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use desk::store::{Change, Error, Fields, Insert, Item, Page, Query, Update};
use desk::{Clock, Random};
use portdesk::sandbox::Request;
use portdesk::store::GuestStore;
use rand::Rng;

use super::conversion::{asked, error, inserted, item, page, query_of, updated};
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
        outcome.map(inserted).map_err(error)
    }

    fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        let (store, waiting) = &mut *self.0.borrow_mut();
        let outcome = waiting.wait(store.update(key.to_owned(), asked(change)));
        outcome.map(updated).map_err(error)
    }

    fn query(&self, query: Query) -> Result<Page, Error> {
        let (store, waiting) = &mut *self.0.borrow_mut();
        waiting.wait(store.query(query_of(query))).map(page).map_err(error)
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
