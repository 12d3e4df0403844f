//! Counts the fuel of the guest. The host has no fuel, because fuel makes a guest slower; so a guest with fuel is linked here,
//! to the host's store.

use portdesk::backend::Fields;
use portdesk::host::BUILT_IN_COMPONENT;
use portdesk::sandbox::{Component, Request, Response};
use portdesk::store::{Change, GuestStore, IndexQuery};
use tokio::runtime::Runtime;
use wasmtime::component::{Component as Code, Func, Linker, ResourceTable};
use wasmtime::{Config, Engine, Store, StoreContextMut};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::{LIMITS, guest_store, location};

/// An instance that answers one request after the other, as an instance in the pool does, and whose fuel is counted.
pub struct Guest {
    store: Store<State>,
    handle: Func,
}

struct State {
    guest_store: GuestStore,
    wasi: WasiCtx,
    resources: ResourceTable,
}

impl Guest {
    pub async fn start() -> Guest {
        let guest_store = guest_store(&Component::load(BUILT_IN_COMPONENT, LIMITS).unwrap()).await;
        let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
        let code = Code::from_binary(&engine, BUILT_IN_COMPONENT).unwrap();
        let state = State { guest_store, wasi: WasiCtx::builder().build(), resources: ResourceTable::new() };
        let mut store = Store::new(&engine, state);
        store.set_fuel(u64::MAX).unwrap();
        let instance = linker(&engine).instantiate_async(&mut store, &code).await.unwrap();
        let handler = instance.get_export_index(&mut store, None, "portdesk:desk/handler@0.1.0").unwrap();
        let handle = instance.get_export_index(&mut store, Some(&handler), "handle").unwrap();
        let handle = instance.get_func(&mut store, handle).unwrap();
        Guest { store, handle }
    }

    pub fn answer(&mut self, runtime: &Runtime, request: Request<'_>) -> (u64, Option<String>) {
        let before = self.store.get_fuel().unwrap();
        let handle = self.handle.typed::<(Request<'_>,), (Response,)>(&self.store).unwrap();
        let (response,) = runtime.block_on(handle.call_async(&mut self.store, (request,))).unwrap();
        (before - self.store.get_fuel().unwrap(), location(response))
    }
}

/// Links what the world `desk` imports.
fn linker(engine: &Engine) -> Linker<State> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
    let mut functions = linker.instance("portdesk:desk/key-value@0.1.0").unwrap();
    functions
        .func_wrap_async("get", |caller, (key,): (String,)| {
            Box::new(answered(caller, async move |store| store.get(key).await))
        })
        .unwrap();
    functions
        .func_wrap_async("insert", |caller, (key, fields, change_id): (String, Fields, String)| {
            Box::new(answered(caller, async move |store| store.insert(key, fields, change_id).await))
        })
        .unwrap();
    functions
        .func_wrap_async("update", |caller, (key, change): (String, Change)| {
            Box::new(answered(caller, async move |store| store.update(key, change).await))
        })
        .unwrap();
    functions
        .func_wrap_async("query", |caller, (query,): (IndexQuery,)| {
            Box::new(answered(caller, async move |store| store.query(query).await))
        })
        .unwrap();
    linker
}

/// Answers a call of the guest from the host's store.
async fn answered<T>(
    mut caller: StoreContextMut<'_, State>,
    call: impl AsyncFnOnce(&mut GuestStore) -> T,
) -> wasmtime::Result<(T,)> {
    Ok((call(&mut caller.data_mut().guest_store).await,))
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}
