//! One instance in one store, and a call of it.

use tokio::task::yield_now;
use tokio::time::Instant;
use wasmtime::{Store, StoreContextMut, UpdateDeadline};

use super::budget::{Budget, BudgetError};
use super::epochs::{EPOCH, Epochs};
use super::handle_error::DeadlineError;
use super::limits::Limiter;
use super::{Component, HandleError, Request, Response, answer};
use crate::bindings::Desk;
use crate::store::GuestStore;

/// What a store carries beside the guest's memory.
pub(super) struct State {
    pub(super) guest_store: GuestStore,
    /// Of the request that the instance works on.
    pub(super) budget: Budget,
    limiter: Limiter,
    epochs: Epochs,
    deadline: Instant,
    /// Since when the guest runs without having let others run.
    slice_started: Instant,
}

impl State {
    /// Begins a call of the store, if the guest may make one more.
    pub(super) fn begin_call(&mut self) -> Result<Instant, BudgetError> {
        self.budget.call_store()?;
        Ok(Instant::now())
    }

    /// Ends the call that began at `begin`. A call of some length has let others run; a short one may have not, and a
    /// guest must not get a new turn by calling often.
    pub(super) fn end_call(&mut self, begin: Instant) {
        let now = Instant::now();
        if now.duration_since(begin) >= EPOCH {
            self.slice_started = now;
        }
    }
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
        guest_store: GuestStore,
        request_id: &str,
        deadline: Instant,
    ) -> Result<Instance, HandleError> {
        let mut store = store(component, guest_store, deadline);
        store.data_mut().guest_store.begin(request_id);
        let desk = component.instantiate(&mut store).await.map_err(HandleError::of_start)?;
        Ok(Instance { store, desk, served: 0 })
    }

    /// Answers one request. An instance that failed must not be called again.
    pub(super) async fn handle(
        &mut self,
        request: Request<'_>,
        deadline: Instant,
    ) -> Result<Response, HandleError> {
        self.served = self.served.saturating_add(1);
        let state = self.store.data_mut();
        state.deadline = deadline;
        state.slice_started = Instant::now();
        state.budget = Budget::full();
        state.guest_store.begin(request.request_id);
        self.store.set_epoch_deadline(1);
        let handler = self.desk.portdesk_desk_handler();
        let response = handler.call_handle(&mut self.store, request).await.map_err(HandleError::of_call)?;
        answer::check(&response).map_err(HandleError::Answer)?;
        Ok(response)
    }

    /// Whether it may answer another request: it is not too old, and no request made it grow large.
    pub(super) fn may_stay(&self) -> bool {
        self.served < REQUESTS && self.store.data().limiter.memory_bytes() <= IDLE_MEMORY_BYTES
    }
}

/// A store whose guest is cut at `deadline`.
pub(super) fn store(component: &Component, guest_store: GuestStore, deadline: Instant) -> Store<State> {
    let limiter = Limiter::new(component.limits(), component.memory_high_water().clone());
    let epochs = component.epochs().clone();
    let slice_started = Instant::now();
    let state = State { guest_store, budget: Budget::full(), limiter, epochs, deadline, slice_started };
    let mut store = Store::new(component.engine(), state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(HOSTCALL_BYTES);
    store.epoch_deadline_callback(at_epoch);
    store.set_epoch_deadline(1);
    store
}

/// Cuts a guest that is past its deadline; makes any other wait for its turn, unless it has just had to wait for the store.
///
/// Not wasmtime's own yield: tokio would run the guest again at once, before the tasks that wait.
fn at_epoch(mut context: StoreContextMut<'_, State>) -> wasmtime::Result<UpdateDeadline> {
    let (now, state) = (Instant::now(), context.data_mut());
    if now >= state.deadline {
        return Err(wasmtime::Error::new(DeadlineError));
    }
    if now.duration_since(state.slice_started) < EPOCH {
        return Ok(UpdateDeadline::Continue(1));
    }
    // What comes after the others have run is a new turn; that they take long must not make it shorter.
    state.slice_started = now;
    state.epochs.hurry();
    Ok(UpdateDeadline::YieldCustom(1, Box::pin(yield_now())))
}

/// The most bytes that one call of a guest may make the host hold, names and lists included: far above what an
/// item of 400 KiB or an answer needs.
const HOSTCALL_BYTES: usize = 8 * 1024 * 1024;

/// After so many requests an instance is replaced: what a guest leaks is limited.
const REQUESTS: u32 = 10_000;

/// Memory never shrinks, so an instance that grew for one large request would hold all of it while it is idle. The
/// desk needs less than half of this for any but the largest pages.
const IDLE_MEMORY_BYTES: usize = 4 * 1024 * 1024;
