//! One instance in one store, and a call of it.

use tokio::task::yield_now;
use tokio::time::Instant;
use wasmtime::{Store, StoreContextMut, UpdateDeadline};

use super::failure::DeadlinePassed;
use super::limits::Limiter;
use super::{Component, Failure, Request, Response};
use crate::bindings::Desk;
use crate::storage::Storage;

/// What a store carries beside the guest's memory.
pub(super) struct State {
    pub(super) storage: Storage,
    limiter: Limiter,
    deadline: Instant,
}

/// An instance that answers one request at a time.
pub(super) struct Instance {
    store: Store<State>,
    desk: Desk,
    served: u32,
}

impl Instance {
    /// Makes an instance. Its deadline holds for its start too: a start function may loop.
    pub(super) async fn start(
        component: &Component,
        storage: Storage,
        request_id: &str,
        deadline: Instant,
    ) -> Result<Instance, Failure> {
        let mut store = store(component, storage, deadline);
        store.data_mut().storage.begin(request_id);
        let desk = component.instantiate(&mut store).await.map_err(Failure::of_start)?;
        Ok(Instance { store, desk, served: 0 })
    }

    /// Answers one request. An instance that failed must not be called again.
    pub(super) async fn handle(
        &mut self,
        request: Request<'_>,
        deadline: Instant,
    ) -> Result<Response, Failure> {
        self.served = self.served.saturating_add(1);
        let state = self.store.data_mut();
        state.deadline = deadline;
        state.storage.begin(request.request_id);
        self.store.set_epoch_deadline(1);
        let handler = self.desk.portdesk_desk_handler();
        handler.call_handle(&mut self.store, request).await.map_err(Failure::of_call)
    }

    /// How many requests it has been given.
    pub(super) fn served(&self) -> u32 {
        self.served
    }
}

/// A store whose guest is cut at `deadline`.
pub(super) fn store(component: &Component, storage: Storage, deadline: Instant) -> Store<State> {
    let state = State {
        storage,
        limiter: Limiter::new(component.limits(), component.memory_high_water().clone()),
        deadline,
    };
    let mut store = Store::new(component.engine(), state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(HOSTCALL_BYTES);
    store.epoch_deadline_callback(at_epoch);
    store.set_epoch_deadline(1);
    store
}

/// Cuts a guest that is past its deadline; makes any other wait for its turn.
///
/// Not wasmtime's own yield: tokio would run the guest again at once, before the tasks that wait.
#[expect(clippy::needless_pass_by_value, reason = "the signature is wasmtime's")]
fn at_epoch(context: StoreContextMut<'_, State>) -> wasmtime::Result<UpdateDeadline> {
    if Instant::now() >= context.data().deadline {
        return Err(wasmtime::Error::new(DeadlinePassed));
    }
    Ok(UpdateDeadline::YieldCustom(1, Box::pin(yield_now())))
}

/// The most bytes that one call of a guest may make the host hold, names and lists included: far above what an
/// item of 400 KiB or an answer needs.
const HOSTCALL_BYTES: usize = 8 * 1024 * 1024;
