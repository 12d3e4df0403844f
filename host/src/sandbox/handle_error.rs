//! Why a request has no answer from the component. The guest or the host failed, never the client.

use wasmtime::{PoolConcurrencyLimitError, Trap};

use super::answer::AnswerLimitError;
use super::limits::MemoryLimitError;

/// The ways in which a request ends without an answer.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The guest answered with more than an answer may be.
    #[error("the component's answer is refused: {0}")]
    Answer(AnswerLimitError),
    /// All instances are taken, or the pool has no room for another; the component was not called.
    #[error("all instances of the component are busy")]
    Busy,
    /// The deadline passed, in the guest or in the store.
    #[error("the deadline passed")]
    Deadline,
    /// The guest asked for more memory than it may have.
    #[error("{0}")]
    Memory(String),
    /// The guest trapped.
    #[error("the component trapped: {0:#}")]
    Trap(wasmtime::Error),
}

impl HandleError {
    /// A start that found no room has run nothing; any other failure is the guest's, which may have run already.
    pub(super) fn of_start(error: wasmtime::Error) -> HandleError {
        if error.is::<PoolConcurrencyLimitError>() { HandleError::Busy } else { HandleError::of_call(error) }
    }

    /// Tells the limits that the host set apart from the defects of a guest.
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
