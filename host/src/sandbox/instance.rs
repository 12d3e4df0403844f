//! An instance of a component, and a call to it. A "store" here is wasmtime's: the state that belongs to an instance.

use tokio::task::yield_now;
use tokio::time::Instant;
use wasmtime::{Store, StoreContextMut, UpdateDeadline};

use super::budget::{Budget, BudgetError};
use super::conditions::{Conditions, Moment};
use super::epochs::EPOCH;
use super::handle_error::DeadlineError;
use super::limits::Limiter;
use super::wasi::{Elapsed, Nothing};
use super::{Component, HandleError, Request, Response, answer};
use crate::bindings::Desk;
use crate::store::GuestStore;

/// The host's data in a wasmtime store.
pub(super) struct State {
    guest_store: GuestStore,
    /// The store of the space that the current request is in, if it is in one.
    space_store: Option<GuestStore>,
    /// The time and the randomness of the current request.
    pub(super) moment: Moment,
    /// The budget of the current request.
    pub(super) budget: Budget,
    limiter: Limiter,
    /// The part of WASI that only some components use. It is made at its first use.
    nothing: Option<Box<Nothing>>,
    deadline: Instant,
    /// When the guest last yielded or waited.
    slice_started: Instant,
}

impl State {
    /// The store of the current request.
    pub(super) fn store(&mut self) -> &mut GuestStore {
        self.space_store.as_mut().unwrap_or(&mut self.guest_store)
    }

    fn enter(&mut self, request_id: &str, conditions: Option<Conditions>) {
        let (space_store, moment) = match conditions {
            Some(Conditions { store, moment }) => (Some(store), moment),
            None => (None, Moment::default()),
        };
        self.space_store = space_store;
        self.moment = moment;
        self.store().begin(request_id);
        if let Some(nothing) = &mut self.nothing {
            nothing.begin(request_id);
        }
    }

    /// Ends a request that was answered. After any other, the instance is dropped.
    fn leave(&mut self) {
        // An idle instance must not keep the store of a space that may be dropped.
        self.space_store = None;
        if let Some(nothing) = &self.nothing {
            nothing.end();
        }
    }

    /// The part of WASI that only some components use.
    pub(super) fn nothing(&mut self) -> &mut Nothing {
        let store = self.space_store.as_ref().unwrap_or(&self.guest_store);
        made(&mut self.nothing, store.request_id())
    }

    /// The monotonic clock of the current request.
    pub(super) fn elapsed(&mut self) -> Elapsed<'_> {
        let store = self.space_store.as_ref().unwrap_or(&self.guest_store);
        made(&mut self.nothing, store.request_id()).elapsed(&self.moment)
    }

    /// Begins a call to `key-value`, if the budget allows one more.
    pub(super) fn begin_call(&mut self) -> Result<Instant, BudgetError> {
        self.budget.call_store()?;
        Ok(Instant::now())
    }

    /// Ends the call that began at `begin`. Other tasks have run during a long call, so the guest gets a new time slice.
    /// They may not have run during a short call, and a guest must not get new slices by calling often.
    pub(super) fn end_call(&mut self, begin: Instant) {
        let now = Instant::now();
        if now.duration_since(begin) >= EPOCH {
            self.slice_started = now;
        }
    }
}

fn made<'a>(nothing: &'a mut Option<Box<Nothing>>, request_id: &str) -> &'a mut Nothing {
    nothing.get_or_insert_with(|| Box::new(Nothing::new(request_id)))
}

/// An instance that answers one request at a time.
pub(super) struct Instance {
    store: Store<State>,
    desk: Desk,
    served: u32,
}

impl Instance {
    /// Makes an instance. The deadline applies to the start too, because a start function may loop.
    pub(super) async fn start(
        component: &Component,
        guest_store: GuestStore,
        request_id: &str,
        deadline: Instant,
    ) -> Result<Instance, HandleError> {
        let mut store = store(component, guest_store, deadline);
        store.data_mut().store().begin(request_id);
        let desk = component.instantiate(&mut store).await.map_err(HandleError::of_start)?;
        store.data_mut().limiter.started();
        Ok(Instance { store, desk, served: 0 })
    }

    /// Answers one request. After an error, the instance must not be called again.
    pub(super) async fn handle(
        &mut self,
        request: Request<'_>,
        conditions: Option<Box<Conditions>>,
        deadline: Instant,
    ) -> Result<Response, HandleError> {
        self.served = self.served.saturating_add(1);
        let state = self.store.data_mut();
        state.deadline = deadline;
        state.slice_started = Instant::now();
        state.budget = Budget::full();
        state.enter(request.request_id, conditions.map(|conditions| *conditions));
        self.store.set_epoch_deadline(1);
        let handler = self.desk.portdesk_desk_handler();
        let response = handler.call_handle(&mut self.store, request).await.map_err(HandleError::of_call)?;
        self.store.data_mut().leave();
        answer::check(&response).map_err(HandleError::Answer)?;
        Ok(response)
    }

    /// Whether the instance may answer another request: it has not answered too many, and its memory has not grown too large.
    pub(super) fn may_stay(&self) -> bool {
        self.served < REQUESTS && self.store.data().limiter.grown_bytes() <= IDLE_GROWTH_BYTES
    }
}

/// A wasmtime store whose guest is interrupted at `deadline`.
pub(super) fn store(component: &Component, guest_store: GuestStore, deadline: Instant) -> Store<State> {
    let limiter = Limiter::new(component.limits(), component.memory_high_water().clone());
    let slice_started = Instant::now();
    let state = State {
        guest_store,
        space_store: None,
        moment: Moment::default(),
        budget: Budget::full(),
        limiter,
        nothing: None,
        deadline,
        slice_started,
    };
    let mut store = Store::new(component.engine(), state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(HOSTCALL_BYTES);
    store.set_max_component_handles(HANDLES);
    store.epoch_deadline_callback(at_epoch);
    store.set_epoch_deadline(1);
    store
}

/// Interrupts a guest that is past its deadline. Any other guest yields, unless it has just waited for `key-value`.
///
/// This uses tokio's `yield_now`, because after wasmtime's own yield tokio would run the guest again before the tasks that
/// wait.
fn at_epoch(mut context: StoreContextMut<'_, State>) -> wasmtime::Result<UpdateDeadline> {
    let (now, state) = (Instant::now(), context.data_mut());
    if now >= state.deadline {
        return Err(wasmtime::Error::new(DeadlineError));
    }
    if now.duration_since(state.slice_started) < EPOCH {
        return Ok(UpdateDeadline::Continue(1));
    }
    // The new slice really begins after the other tasks have run. If they take long, the next epoch restarts the slice.
    state.slice_started = now;
    Ok(UpdateDeadline::YieldCustom(1, Box::pin(yield_now())))
}

/// The most bytes that wasmtime copies from a guest in one call, including names and lists. This is far more than an item
/// of 400 KiB or an answer needs.
const HOSTCALL_BYTES: usize = 8 * 1024 * 1024;

/// The most handles of resources that an instance may hold. The streams and waits of `wasi/` are the only resources.
const HANDLES: usize = 1000;

/// An instance is replaced after this many requests, which limits the memory that a guest can leak.
const REQUESTS: u32 = 10_000;

/// An instance whose memory grew by more than this is not kept. Linear memory never shrinks, so an instance that grew for one
/// large request would hold that memory while it is idle. The desk needs less than half of this, except for the largest pages.
const IDLE_GROWTH_BYTES: usize = 4 * 1024 * 1024;
