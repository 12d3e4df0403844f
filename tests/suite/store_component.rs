//! A component of the world `store` as a backend, so that the suite can test a store in any language.

mod named;
mod outgoing;

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use portdesk::backend::suite::{self, INVALID_CURSOR, SharedBackend, schema as suite_schema};
use portdesk::backend::{
    Backend, Change, Entry, Error, Fields, Index, Insert, Item, Page, Position, Query, Schema, Summary,
    Update,
};
use tokio::sync::{Mutex, MutexGuard};
use wasmtime::component::{Component, HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use self::outgoing::Outgoing;
use self::world::exports::portdesk::desk::key_value as wit;
use self::world::portdesk::desk::schema;

/// The bindings of the world, in a module of their own because wasmtime has a `Store` too.
mod world {
    wasmtime::component::bindgen!({ path: "../wit", world: "store", exports: { default: async } });
}

/// `guest/store-memory`, a store in Rust.
mod memory {
    super::suite::conformance!(exact component; async || (super::kept(&super::MEMORY).await, ()));
}

/// `examples/store-js`, a store in JavaScript.
mod javascript {
    super::suite::conformance!(exact component; async || (super::kept(&super::JAVASCRIPT).await, ()));
}

static MEMORY: LazyLock<Prepared> =
    LazyLock::new(|| Prepared::of(&portdesk_components::component("portdesk-store-memory").unwrap()));
static JAVASCRIPT: LazyLock<Prepared> = LazyLock::new(|| {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/store-js");
    Prepared::of(&portdesk_test_support::javascript_store(&example))
});

async fn kept(prepared: &'static Prepared) -> SharedBackend {
    Arc::new(StoreComponent::kept(prepared, &mut WasiCtx::builder()).await)
}

/// A component, compiled and linked.
pub struct Prepared(world::StorePre<State>);

impl Prepared {
    /// Panics if `wasm` is not a component of the world `store`.
    pub fn of(wasm: &[u8]) -> Prepared {
        let engine = Engine::default();
        let component = Component::new(&engine, wasm).unwrap();
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
        world::Store::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state).unwrap();
        Prepared(world::StorePre::new(linker.instantiate_pre(&component).unwrap()).unwrap())
    }

    async fn instance(&self, wasi: &mut WasiCtxBuilder) -> Instance {
        let state = State {
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outgoing: Outgoing,
            resources: ResourceTable::new(),
        };
        let mut store = Store::new(self.0.engine(), state);
        let component = self.0.instantiate_async(&mut store).await.unwrap();
        Instance { store, component }
    }
}

/// A component over the schema of the suite.
pub struct StoreComponent {
    prepared: &'static Prepared,
    environment: Vec<(String, String)>,
    /// The instance that answers all calls, or `None` if each call has an instance of its own.
    kept: Option<Mutex<Instance>>,
}

struct Instance {
    store: Store<State>,
    component: world::Store,
}

impl StoreComponent {
    /// An instance for each call, as on platforms that serve HTTP, for stores that keep items elsewhere.
    pub fn fresh(prepared: &'static Prepared, environment: Vec<(String, String)>) -> StoreComponent {
        StoreComponent { prepared, environment, kept: None }
    }

    /// One instance for all calls, for stores that may keep items in it.
    pub async fn kept(prepared: &'static Prepared, wasi: &mut WasiCtxBuilder) -> StoreComponent {
        let kept = Some(Mutex::new(prepared.instance(wasi).await));
        StoreComponent { prepared, environment: Vec::new(), kept }
    }

    async fn instance(&self) -> Answering<'_> {
        if let Some(instance) = &self.kept {
            Answering::Kept(instance.lock().await)
        } else {
            let mut wasi = WasiCtx::builder();
            Answering::Fresh(Box::new(self.prepared.instance(wasi.envs(&self.environment)).await))
        }
    }
}

/// The instance that answers a call.
enum Answering<'a> {
    Fresh(Box<Instance>),
    Kept(MutexGuard<'a, Instance>),
}

impl Answering<'_> {
    fn parts(&mut self) -> (&mut Store<State>, &wit::Guest) {
        let Instance { store, component } = match self {
            Answering::Fresh(instance) => instance,
            Answering::Kept(instance) => &mut **instance,
        };
        (store, component.portdesk_desk_key_value())
    }
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

/// The schema, which a desk exports.
impl schema::Host for State {
    fn collection(&mut self) -> schema::CollectionSchema {
        let Schema { key_field, listed, lists, indexes } = suite_schema();
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
impl Backend for StoreComponent {
    async fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        let mut instance = self.instance().await;
        let (store, key_value) = instance.parts();
        let got = key_value.call_get(store, key).await.unwrap();
        got.map(|found| found.map(item)).map_err(error)
    }

    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        let mut instance = self.instance().await;
        let (store, key_value) = instance.parts();
        let call = key_value.call_insert(store, key, &fields, change_id);
        Ok(match call.await.unwrap().map_err(error)? {
            wit::InsertOutcome::Inserted(version) => Insert::Inserted(version),
            wit::InsertOutcome::Repeated(found) => Insert::Repeated(item(found)),
            wit::InsertOutcome::Exists(found) => Insert::Exists(item(found)),
        })
    }

    async fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        let mut instance = self.instance().await;
        let (store, key_value) = instance.parts();
        let Change { id, at_version, unless, unless_above, set, append } = change;
        let append = append.map(|append| {
            let entry = wit::Entry { id: append.entry.id, fields: Arc::unwrap_or_clone(append.entry.fields) };
            wit::Append { list: append.list, entry, max_entries: append.max_entries }
        });
        let change = wit::Change { id, at_version, unless, unless_above, set, append };
        let call = key_value.call_update(store, key, &change);
        Ok(match call.await.unwrap().map_err(error)? {
            wit::UpdateOutcome::Missing => Update::Missing,
            wit::UpdateOutcome::Duplicate(found) => Update::Duplicate(entry(found)),
            wit::UpdateOutcome::Stale(found) => Update::Stale(item(found)),
            wit::UpdateOutcome::Refused(found) => Update::Refused(item(found)),
            wit::UpdateOutcome::Full => Update::Full,
            wit::UpdateOutcome::Updated(version) => Update::Updated(version),
        })
    }

    /// A cursor is opaque, so the position carries it in the place of the order value.
    async fn query(&self, query: Query) -> Result<Page, Error> {
        let mut instance = self.instance().await;
        let (store, key_value) = instance.parts();
        let Query { index, value, limit, after } = query;
        let asked = wit::IndexQuery { index, value, limit, cursor: after.map(|position| position.order) };
        let page = key_value.call_query(store, &asked).await.unwrap().map_err(error)?;
        let next = page.cursor.map(|cursor| Position { order: cursor, key: String::new() });
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
    Item { key, version, fields: Arc::new(fields), lists: lists.into_iter().map(list).collect() }
}

fn entry(entry: wit::Entry) -> Entry {
    Entry { id: entry.id, fields: Arc::new(entry.fields) }
}

fn summary(summary: wit::Summary) -> Summary {
    let wit::Summary { key, version, fields, counts } = summary;
    Summary { key, version, fields: Arc::new(fields), counts }
}

/// An error of the interface has no text, so its name is the text.
fn error(error: wit::Error) -> Error {
    let text = format!("{error:?}");
    match error {
        wit::Error::Throttled(after) => {
            Error::Throttled { retry_after: after.map(|after| Duration::from_millis(after.into())) }
        }
        wit::Error::Unavailable => Error::Unavailable(text),
        wit::Error::Unknown => Error::Unknown(text),
        wit::Error::TooLarge => Error::TooLarge,
        wit::Error::InvalidCursor => Error::Invalid(INVALID_CURSOR.to_owned()),
        wit::Error::Invalid => Error::Invalid(text),
        wit::Error::Corrupt => Error::Corrupt(text),
        wit::Error::Misconfigured => Error::Misconfigured(text),
    }
}
