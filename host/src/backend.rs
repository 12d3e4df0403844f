//! What keeps the items: one plain trait, implemented once a store.
//!
//! A backend knows nothing of WIT, HTTP or wasm. It is given calls whose names, keys, ids and sizes were
//! checked (by `store`, which makes them) and keeps the promises of `wit/key-value.wit`: exact outcomes under
//! races, writes that are safe to repeat, pages that lose and repeat nothing. `suite` holds every backend against
//! them.

#[cfg(feature = "dynamodb")]
pub mod dynamodb;
pub mod embedded;
pub mod memory;
mod quota;
#[cfg(any(test, feature = "suite"))]
pub mod suite;

use std::time::Duration;

use async_trait::async_trait;

pub use self::quota::{CLIENT_LIMIT_BYTES, Count, QuotaStore, WINDOW_LIMIT_BYTES};
pub use items::{
    Append, Change, Entry, FIELDS_LIMIT, Fields, ITEM_LIMIT_BYTES, ITEM_RESERVE_BYTES, Index, Insert, Item,
    List, Page, Position, Query, STORES_PREFIX, Schema, SharedFields, Summary, Update, fields_size,
};

/// A store of items.
///
/// Every method may be called from any number of tasks at once. A write whose future is dropped is done or not
/// done, never half done.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// The item under `key` as of now: every write that was answered before is in it.
    async fn get(&self, key: &str) -> Result<Option<Item>, Error>;

    /// Stores a new item unless the key is taken. The change id stays with the item as long as it is.
    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error>;

    /// Applies `change` to the item under `key`, whole or not at all.
    async fn update(&self, key: &str, change: Change) -> Result<Update, Error>;

    /// A page of an index: the greatest order value first. Equal ones stand in an order that stays the same.
    async fn query(&self, query: Query) -> Result<Page, Error>;

    /// Whether the store can serve at this moment, found out by doing it: a write that is as durable as any other and
    /// changes no item, and a query of each index that is not optional. Asked by the readiness check, at most once a second.
    async fn check(&self) -> Result<(), Error>;

    /// How large the file is to which writes go before they are merged into the others, where there is such a file.
    fn log_bytes(&self) -> Option<u64> {
        None
    }

    /// Finishes what was begun and leaves the store as it should lie. Calls after it are `Unavailable`.
    async fn close(&self);
}

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
    /// An insert is bigger than [`ITEM_LIMIT_BYTES`]; nothing was stored.
    #[error("the item is too large")]
    TooLarge,
    /// Out of reach or out of order; nothing was stored.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A write may or may not have been stored.
    #[error("the outcome of a write is unknown: {0}")]
    Unknown(String),
}

impl From<items::record::TooLargeError> for Error {
    fn from(_: items::record::TooLargeError) -> Error {
        Error::TooLarge
    }
}
