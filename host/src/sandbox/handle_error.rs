//! Why a request has no answer from the component. The cause is always the guest or the host, never the client.

use wasmtime::{PoolConcurrencyLimitError, Trap};

use super::answer::AnswerLimitError;
use super::limits::MemoryLimitError;

/// Why a request ended without an answer.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The guest's answer exceeds a limit.
    #[error("the component's answer is refused: {0}")]
    Answer(AnswerLimitError),
    /// All instances are in use, or the pool has no room for another. The component was not called.
    #[error("all instances of the component are busy")]
    Busy,
    /// The deadline passed while the guest ran or waited for the store.
    #[error("the deadline passed")]
    Deadline,
    /// The guest asked for more memory than its limit.
    #[error("{0}")]
    Memory(String),
    /// The guest trapped.
    #[error("the component trapped: {0:#}")]
    Trap(wasmtime::Error),
}

impl HandleError {
    /// Converts an error of an instance's start. If the pool had no room, no code of the guest has run. For any other error,
    /// code of the guest may have run.
    pub(super) fn of_start(error: wasmtime::Error) -> HandleError {
        if error.is::<PoolConcurrencyLimitError>() { HandleError::Busy } else { HandleError::of_call(error) }
    }

    /// Converts an error of a call. It distinguishes an exceeded limit of the host from a defect of the guest.
    pub(super) fn of_call(error: wasmtime::Error) -> HandleError {
        if let Some(exhausted) = error.downcast_ref::<MemoryLimitError>() {
            return HandleError::Memory(exhausted.to_string());
        }
        if error.is::<DeadlineError>() || matches!(error.downcast_ref::<Trap>(), Some(Trap::Interrupt)) {
            return HandleError::Deadline;
        }
        HandleError::Trap(error)
    }
}

/// The trap of a guest that ran past its deadline.
#[derive(Debug, thiserror::Error)]
#[error("the guest ran past its deadline")]
pub(super) struct DeadlineError;
