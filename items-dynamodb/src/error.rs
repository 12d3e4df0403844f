//! Why a call has no outcome. The cases are those of a backend of the host, whose own type is one that errors of its
//! engines turn into: that takes a type of the host.

use std::time::Duration;

/// Why a call has no outcome: what the caller can do, and a text for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What is stored is damaged; nothing was changed.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// The call names something that this store does not have, such as an optional index.
    #[error("the store cannot do this: {0}")]
    Invalid(String),
    /// The store is not set up for this: no such table or index, another key, no right to it. Nothing was stored, and
    /// repeating does not help until an operator has acted.
    #[error("the store is not set up for this: {0}")]
    Misconfigured(String),
    /// Too much to do; nothing was stored, repeat later.
    #[error("the store has too much to do")]
    Throttled {
        /// When to repeat, where the store knows.
        retry_after: Option<Duration>,
    },
    /// An insert is bigger than [`items::ITEM_LIMIT_BYTES`]; nothing was stored.
    #[error("the item is too large")]
    TooLarge,
    /// Out of reach or out of order; nothing was stored.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A write may or may not have been stored.
    #[error("the outcome of a write is unknown: {0}")]
    Unknown(String),
}
