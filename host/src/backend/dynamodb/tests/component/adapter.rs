//! A component of the world `storage`, as a backend.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use items::cursor;
use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use self::exports::portdesk::desk::key_value as wit;
use self::portdesk::desk::schema;
use super::built;
use super::outgoing::Outgoing;
use crate::backend::suite;
use crate::backend::{
    Backend, Change, Entry, Error, Fields, Index, Insert, Item, Page, Query, Schema, Summary, Update,
};

wasmtime::component::bindgen!({ path: "../wit", world: "storage", exports: { default: async } });

/// Makes an instance for each call.
pub(super) struct ComponentStore {
    environment: Vec<(String, String)>,
}

impl ComponentStore {
    /// The component, pointed at a table, with the schema of the suite.
    pub(super) fn over(endpoint: &str, table: &str, time_limit: Duration) -> ComponentStore {
        let environment = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "dummy"),
            ("AWS_SECRET_ACCESS_KEY", "dummy"),
            ("PORTDESK_ENDPOINT_URL", endpoint),
            ("PORTDESK_TABLE", table),
            ("PORTDESK_TIME_LIMIT_MS", &time_limit.as_millis().to_string()),
        ];
        ComponentStore { environment: environment.map(|(name, value)| (name.into(), value.into())).into() }
    }

    async fn instance(&self) -> (Store<State>, Storage) {
        let prepared = prepared();
        let wasi = WasiCtx::builder().envs(&self.environment).build();
        let state =
            State { wasi, http: WasiHttpCtx::new(), outgoing: Outgoing, resources: ResourceTable::new() };
        let mut store = Store::new(prepared.engine(), state);
        let instance = prepared.instantiate_async(&mut store).await.unwrap();
        (store, instance)
    }
}

/// The component, compiled and linked once.
fn prepared() -> &'static StoragePre<State> {
    static PREPARED: OnceLock<StoragePre<State>> = OnceLock::new();
    PREPARED.get_or_init(|| {
        let engine = Engine::default();
        let component = Component::new(&engine, built::component()).unwrap();
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
        Storage::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state).unwrap();
        StoragePre::new(linker.instantiate_pre(&component).unwrap()).unwrap()
    })
}

struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outgoing: Outgoing,
    resources: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outgoing, table: &mut self.resources, ctx: &mut self.http }
    }
}

/// What a desk would say.
impl schema::Host for State {
    fn collection(&mut self) -> schema::CollectionSchema {
        let Schema { key_field, listed, lists, indexes } = suite::schema();
        let lists =
            lists.into_iter().map(|list| schema::ListSchema { name: list.name, id_field: list.id_field });
        let index =
            |Index { name, partition, order, optional }| schema::Index { name, partition, order, optional };
        let (lists, indexes) = (lists.collect(), indexes.into_iter().map(index).collect());
        schema::CollectionSchema { key_field, listed, lists, indexes }
    }

    fn openapi(&mut self) -> String {
        String::new()
    }
}

#[async_trait]
impl Backend for ComponentStore {
    async fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        let (mut store, instance) = self.instance().await;
        let got = instance.portdesk_desk_key_value().call_get(&mut store, key).await.unwrap();
        got.map(|found| found.map(item)).map_err(error)
    }

    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        let (mut store, instance) = self.instance().await;
        let call = instance.portdesk_desk_key_value().call_insert(&mut store, key, &fields, change_id);
        Ok(match call.await.unwrap().map_err(error)? {
            wit::InsertOutcome::Inserted(version) => Insert::Inserted(version),
            wit::InsertOutcome::Repeated(found) => Insert::Repeated(item(found)),
            wit::InsertOutcome::Exists(found) => Insert::Exists(item(found)),
        })
    }

    async fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        let (mut store, instance) = self.instance().await;
        let Change { id, at_version, unless, set, append } = change;
        let append = append.map(|append| {
            let entry = wit::Entry { id: append.entry.id, fields: append.entry.fields };
            wit::Append { list: append.list, entry, max_entries: append.max_entries }
        });
        let change = wit::Change { id, at_version, unless, set, append };
        let call = instance.portdesk_desk_key_value().call_update(&mut store, key, &change);
        Ok(match call.await.unwrap().map_err(error)? {
            wit::UpdateOutcome::Missing => Update::Missing,
            wit::UpdateOutcome::Duplicate(found) => Update::Duplicate(entry(found)),
            wit::UpdateOutcome::Stale(found) => Update::Stale(item(found)),
            wit::UpdateOutcome::Refused(found) => Update::Refused(item(found)),
            wit::UpdateOutcome::Full => Update::Full,
            wit::UpdateOutcome::Updated(version) => Update::Updated(version),
        })
    }

    /// A position is what a cursor says: both sides have the same cursors.
    async fn query(&self, query: Query) -> Result<Page, Error> {
        let (mut store, instance) = self.instance().await;
        let Query { index, value, limit, after } = query;
        let cursor = after.map(|position| cursor::write(&position, &index, &value));
        let asked = wit::IndexQuery { index: index.clone(), value: value.clone(), limit, cursor };
        let call = instance.portdesk_desk_key_value().call_query(&mut store, &asked);
        let page = call.await.unwrap().map_err(error)?;
        let next = page.cursor.map(|cursor| cursor::read(&cursor, &index, &value).unwrap());
        Ok(Page { items: page.items.into_iter().map(summary).collect(), next })
    }

    async fn check(&self) -> Result<(), Error> {
        self.get("nothing").await.map(|_| ())
    }

    async fn close(&self) {}
}

fn item(item: wit::Item) -> Item {
    let wit::Item { key, version, fields, lists } = item;
    let list = |list: wit::EntryList| (list.name, list.entries.into_iter().map(entry).collect());
    Item { key, version, fields, lists: lists.into_iter().map(list).collect() }
}

fn entry(entry: wit::Entry) -> Entry {
    Entry { id: entry.id, fields: entry.fields }
}

fn summary(summary: wit::Summary) -> Summary {
    let wit::Summary { key, version, fields, counts } = summary;
    Summary { key, version, fields, counts }
}

/// An error of the contract carries no text; its name is one.
fn error(error: wit::Error) -> Error {
    let text = format!("{error:?}");
    match error {
        wit::Error::Throttled(after) => {
            Error::Throttled { retry_after: after.map(|after| Duration::from_millis(after.into())) }
        }
        wit::Error::Unavailable => Error::Unavailable(text),
        wit::Error::Unknown => Error::Unknown(text),
        wit::Error::TooLarge => Error::TooLarge,
        wit::Error::InvalidCursor | wit::Error::Invalid => Error::Invalid(text),
        wit::Error::Corrupt => Error::Corrupt(text),
    }
}
