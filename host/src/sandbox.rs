//! Runs the component. Each request has an instance, a deadline and a memory limit, and can reach only the functions of
//! the host that `wit/` names.
//!
//! The guest gets the store, clocks and randomness. The host has no files, sockets or variables for it: a component that
//! imports them, because its language does, finds nothing behind them (`wasi/nothing.rs`).

// The first six modules prepare a component; the others serve a request.
mod component;
mod given;
mod inspect;
mod compiled;
mod engine;
mod epochs;
mod instance;
mod key_value;
mod wasi;
mod budget;
mod conditions;
mod limits;
mod answer;
mod handle_error;

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

pub use self::answer::AnswerLimitError;
pub use self::compiled::{CompiledError, TrustedFileError};
pub use self::component::{Component, Description, LoadError, RunsOn};
pub use self::conditions::{Conditions, Moment};
pub use self::given::Given;
pub use self::handle_error::HandleError;
pub use self::inspect::{InspectError, Inspection, World};
use self::instance::Instance;
pub use self::limits::{Isolation, Limits};
pub use crate::bindings::exports::portdesk::desk::handler::{Request, Response};
use crate::idle::Idle;
use crate::store::GuestStore;

/// Answers the requests that the door has admitted. The sandbox implements this; measurements also use an
/// implementation with the same logic as native code.
#[async_trait]
pub trait Responder: Send + Sync + 'static {
    /// Answers one request by `deadline`, or returns why there is no answer. A request in a space has `conditions`.
    async fn handle(
        &self,
        request: Request<'_>,
        conditions: Option<Box<Conditions>>,
        deadline: Instant,
    ) -> Result<Response, HandleError>;

    /// The number of instances that work on a request now.
    fn in_use(&self) -> usize;

    /// The most memory that an instance has had.
    fn memory_high_water_bytes(&self) -> usize;
}

/// A component that is ready to answer requests.
pub struct Sandbox {
    component: Component,
    store: GuestStore,
    /// One permit for each instance that wasmtime's memory pool can hold, so that the pool is never exhausted.
    permits: Semaphore,
    idle: Idle<Instance>,
}

impl Sandbox {
    /// A sandbox for `component`, whose instances keep their items in `store`.
    #[must_use]
    pub fn new(component: Component, store: GuestStore) -> Sandbox {
        let instances = component.limits().instances as usize;
        Sandbox { component, store, permits: Semaphore::new(instances), idle: Idle::new() }
    }

    async fn answer(
        &self,
        request: Request<'_>,
        conditions: Option<Box<Conditions>>,
        deadline: Instant,
    ) -> Result<Response, HandleError> {
        let mut instance = self.take(request.request_id, deadline).await?;
        let response = instance.handle(request, conditions, deadline).await?;
        self.give_back(instance);
        Ok(response)
    }

    async fn permit(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, HandleError> {
        // This does not overtake waiting requests: tokio passes a released permit to them first.
        if let Ok(permit) = self.permits.try_acquire() {
            return Ok(permit);
        }
        let until = deadline.min(Instant::now() + LONGEST_WAIT);
        match timeout_at(until, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(HandleError::Busy),
        }
    }

    async fn take(&self, request_id: &str, deadline: Instant) -> Result<Instance, HandleError> {
        match self.idle.take() {
            Some(instance) => Ok(instance),
            None => Instance::start(&self.component, self.store.clone(), request_id, deadline).await,
        }
    }

    /// Keeps an instance that has answered. An instance that trapped or was interrupted is dropped instead.
    fn give_back(&self, instance: Instance) {
        if self.component.limits().isolation == Isolation::Pooled && instance.may_stay() {
            self.idle.put(instance, |_| {});
        }
    }
}

#[async_trait]
impl Responder for Sandbox {
    /// Dropping the future stops the guest and drops its instance. A write that the guest had already passed to the store
    /// is then done completely or not at all.
    async fn handle(
        &self,
        request: Request<'_>,
        conditions: Option<Box<Conditions>>,
        deadline: Instant,
    ) -> Result<Response, HandleError> {
        let _permit = self.permit(deadline).await?;
        let _running = self.component.run();
        // The epoch deadline interrupts a guest that runs; this timeout ends a guest that waits for the store.
        timeout_at(deadline, self.answer(request, conditions, deadline))
            .await
            .map_err(|_elapsed| HandleError::Deadline)?
    }

    fn in_use(&self) -> usize {
        let instances = self.component.limits().instances as usize;
        instances.saturating_sub(self.permits.available_permits())
    }

    fn memory_high_water_bytes(&self) -> usize {
        self.component.memory_high_water().bytes()
    }
}

/// How long a request waits for an instance before it is refused. Together with the wait at the door and the delays of a
/// busy machine, a refusal takes at most 60 ms.
const LONGEST_WAIT: Duration = Duration::from_millis(40);
