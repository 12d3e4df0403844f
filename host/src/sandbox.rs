//! Runs the component: an instance for each request, a deadline, a limit on its memory, and nothing of the host
//! but what `wit/` names.
//!
//! The guest gets the store, the wall clock and randomness. It gets no file, no socket, no environment: they are
//! not denied here, they are not linked.

// First what a component meets, then what a request does.
mod component;
mod inspect;
mod compiled;
mod engine;
mod epochs;
mod instance;
mod key_value;
mod wasi;
mod budget;
mod limits;
mod answer;
mod handle_error;

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

pub use self::answer::AnswerLimitError;
pub use self::compiled::{CompiledError, TrustedFileError};
pub use self::component::{Component, Description, LoadError};
pub use self::handle_error::HandleError;
pub use self::inspect::{InspectError, Inspection, World};
use self::instance::Instance;
pub use self::limits::{Isolation, Limits};
pub use crate::bindings::exports::portdesk::desk::handler::{Request, Response};
use crate::idle::Idle;
use crate::store::GuestStore;

/// Answers what the door let in: the sandbox, and in measurements the same logic as native code.
pub trait Responder: Send + Sync + 'static {
    /// Answers one request, or says by `deadline` why there is no answer.
    fn handle(
        &self,
        request: Request<'_>,
        deadline: Instant,
    ) -> impl Future<Output = Result<Response, HandleError>> + Send;

    /// How many instances work on a request at this moment.
    fn in_use(&self) -> usize;

    /// The most memory that an instance has had.
    fn memory_high_water_bytes(&self) -> usize;
}

/// A component that is ready to answer requests.
pub struct Sandbox {
    component: Component,
    store: GuestStore,
    /// As many permits as instances may live at once: the pool of memory below never runs dry.
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

    async fn answer(&self, request: Request<'_>, deadline: Instant) -> Result<Response, HandleError> {
        let mut instance = self.take(request.request_id, deadline).await?;
        let response = instance.handle(request, deadline).await?;
        self.give_back(instance);
        Ok(response)
    }

    async fn permit(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, HandleError> {
        // Nobody is passed over: while others wait, what is given back goes to them.
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

    /// Keeps an instance that answered. One that trapped, ran out of time or was cut never gets here.
    fn give_back(&self, instance: Instance) {
        if self.component.limits().isolation == Isolation::Pooled && instance.may_stay() {
            self.idle.put(instance, |_| {});
        }
    }
}

impl Responder for Sandbox {
    /// Dropping the future cuts the guest where it stands and throws its instance away. What it had handed to
    /// the store by then is done or not done, never half done.
    async fn handle(&self, request: Request<'_>, deadline: Instant) -> Result<Response, HandleError> {
        let _permit = self.permit(deadline).await?;
        let _running = self.component.run();
        // A guest that runs is cut by its epoch deadline; this one ends a guest that waits for the store.
        timeout_at(deadline, self.answer(request, deadline))
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

/// How long a request waits for an instance before it is refused. With the wait at the door, and what a busy machine adds
/// to both, a refusal comes within 60 ms.
const LONGEST_WAIT: Duration = Duration::from_millis(40);
