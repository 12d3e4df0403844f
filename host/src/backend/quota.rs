//! Counts against quotas. A count is not an item: no component sees it, and no index lists it.

use std::sync::Arc;

use async_trait::async_trait;

use super::Error;

/// Identifies a count: the units of one client in one window of time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Count {
    /// The client: 1 to [`CLIENT_LIMIT_BYTES`] visible ASCII characters.
    pub client: Arc<str>,
    /// The window: at most [`WINDOW_LIMIT_BYTES`] visible ASCII characters. A later window of the same client compares
    /// greater.
    pub window: Arc<str>,
}

/// Keeps counts.
///
/// Any number of tasks may call every method concurrently.
#[async_trait]
pub trait QuotaStore: Send + Sync + 'static {
    /// Adds up to `units` to a count without exceeding `limit`, and returns how many it added: 0 if the quota is used up.
    /// These units are never handed out again, even if this process dies. If the answer is lost, its units are lost.
    async fn take(&self, count: &Count, units: u64, limit: u64) -> Result<u64, Error>;

    /// Returns unused units to a count. The call is not repeated if its answer is lost, because units that are returned
    /// twice could be used twice.
    async fn give_back(&self, count: &Count, units: u64) -> Result<(), Error>;

    /// The units that the count has now.
    async fn used(&self, count: &Count) -> Result<u64, Error>;

    /// How many units to take in one call from a quota of `limit`. It is 1 if a call costs nearly nothing.
    fn batch_size(&self, limit: u64) -> u64;
}

/// The longest name of a client.
pub const CLIENT_LIMIT_BYTES: usize = 64;

/// The longest name of a window.
pub const WINDOW_LIMIT_BYTES: usize = 24;
