//! Backends: what the host's store stands on. They are a plain trait with one implementation for each product.
//!
//! A backend does not depend on WIT, HTTP or wasm. Its only caller is `store`, which has already checked the names,
//! keys, ids and sizes of a call. A backend keeps the promises of `wit/key-value.wit`: exact outcomes under
//! races, writes that are safe to repeat, and pages that neither lose nor repeat an item. `suite` tests every
//! backend for these promises.

pub mod contents;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
pub mod embedded;
pub mod memory;
mod quota;
mod shared_text;
#[cfg(any(test, feature = "suite"))]
pub mod suite;

use async_trait::async_trait;

pub use self::contents::{Contents, ContentsError, Snapshot, SnapshotList, SnapshotName, SnapshotNameError};
pub use self::quota::{CLIENT_LIMIT_BYTES, Count, QuotaStore, WINDOW_LIMIT_BYTES};
pub use self::shared_text::{Expected, SHARED_TEXT_LIMIT_BYTES, SharedText, VersionedText};
pub use items::{
    Append, Change, Entry, Error, FIELDS_LIMIT, Fields, ITEM_LIMIT_BYTES, ITEM_RESERVE_BYTES, Index, Insert,
    Item, List, Page, Position, Query, STORES_PREFIX, Schema, Summary, Update, fields_size,
};

/// A store of items.
///
/// Any number of tasks may call every method concurrently. If the future of a write is dropped, the write is either
/// done completely or not at all.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// The current item under `key`. It includes every write that was acknowledged before this call.
    async fn get(&self, key: &str) -> Result<Option<Item>, Error>;

    /// Stores a new item unless the key is taken. The item keeps the change id for as long as it exists.
    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error>;

    /// Applies `change` to the item under `key`, completely or not at all.
    async fn update(&self, key: &str, change: Change) -> Result<Update, Error>;

    /// A page of an index, in descending order of the order field. Items with equal values have a stable order.
    async fn query(&self, query: Query) -> Result<Page, Error>;

    /// Tests whether the store can serve now. The test makes a write that is as durable as any other but changes no
    /// item, and queries each index that is not optional. The readiness check calls it at most once a second.
    async fn check(&self) -> Result<(), Error>;

    /// The size of the write-ahead log, if the store has one.
    fn log_bytes(&self) -> Option<u64> {
        None
    }

    /// Finishes all calls in progress and closes the store in good order. Later calls fail with `Unavailable`.
    async fn close(&self);
}
