//! Links `key-value` of `wit/`: a guest's call is counted against its budget and then passed to [`GuestStore`].
//!
//! The functions are linked by hand, because the results of bindgen's types own their strings (see `store/lowered.rs`).

use wasmtime::component::Linker;
use wasmtime::{Result, StoreContextMut};

use super::instance::State;
use crate::backend::Fields;
use crate::store::{Change, GuestStore, IndexQuery};

/// Adds `key-value` of `wit/` to the linker. The guest runs on a fiber, so while a call waits for the store, the thread
/// serves other requests (ARCHITECTURE.md, "Fibers").
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    let mut functions = linker.instance("portdesk:desk/key-value@0.1.0")?;
    functions.func_wrap_async("get", |store, (key,): (String,)| {
        Box::new(counted(store, async move |guest_store| guest_store.get(key).await))
    })?;
    functions.func_wrap_async("insert", |store, (key, fields, change_id): (String, Fields, String)| {
        Box::new(counted(store, async move |guest_store| guest_store.insert(key, fields, change_id).await))
    })?;
    functions.func_wrap_async("update", |store, (key, change): (String, Change)| {
        Box::new(counted(store, async move |guest_store| guest_store.update(key, change).await))
    })?;
    functions.func_wrap_async("query", |store, (query,): (IndexQuery,)| {
        Box::new(counted(store, async move |guest_store| guest_store.query(query).await))
    })
}

/// Makes a call if the budget allows it. A guest that calls too often traps (`budget.rs`).
async fn counted<T>(
    mut store: StoreContextMut<'_, State>,
    call: impl AsyncFnOnce(&mut GuestStore) -> T,
) -> Result<(T,)> {
    let state = store.data_mut();
    let begin = state.begin_call()?;
    let outcome = call(&mut state.guest_store).await;
    state.end_call(begin);
    Ok((outcome,))
}
