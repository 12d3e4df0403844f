//! Why a call to a store has no outcome.

use alloc::string::String;
use core::time::Duration;

use crate::record::TooLargeError;

/// Why a call has no outcome. The variant shows the caller what it can do; the text is for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The stored data is damaged. Nothing was changed.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// The call names something that this store does not have, for example an optional index.
    #[error("the store cannot do this: {0}")]
    Invalid(String),
    /// The store is not set up for this call: the table or index is missing, has another key, or the program may not use
    /// it. Nothing was stored, and the call fails again until an operator has acted.
    #[error("the store is not set up for this: {0}")]
    Misconfigured(String),
    /// The store is overloaded. Nothing was stored; the caller can repeat the call later.
    #[error("the store is overloaded")]
    Throttled {
        /// How long to wait before a repeat, if the store knows it.
        retry_after: Option<Duration>,
    },
    /// The item of an insert is larger than [`ITEM_LIMIT_BYTES`](crate::ITEM_LIMIT_BYTES). Nothing was stored.
    #[error("the item is too large")]
    TooLarge,
    /// The store cannot be reached or does not work. Nothing was stored.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The write may or may not have been stored.
    #[error("the outcome of a write is unknown: {0}")]
    Unknown(String),
}

impl From<TooLargeError> for Error {
    fn from(_: TooLargeError) -> Error {
        Error::TooLarge
    }
}
