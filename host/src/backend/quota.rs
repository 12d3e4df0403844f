//! Counts against quotas. A count is no item: no component sees it, and no index lists it.

use std::sync::Arc;

use async_trait::async_trait;

use super::Error;

/// What is counted together: the units of one client in one window of time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Count {
    /// The client: 1 to [`CLIENT_LIMIT_BYTES`] visible ASCII characters.
    pub client: Arc<str>,
    /// The window: at most [`WINDOW_LIMIT_BYTES`] visible ASCII characters. A later one of a client is greater.
    pub window: Arc<str>,
}

/// Keeps counts.
///
/// Every method may be called from any number of tasks at once.
#[async_trait]
pub trait QuotaStore: Send + Sync + 'static {
    /// Adds up to `units` to a count as far as `limit` allows, and gives how many; 0 where it is used up. Units that
    /// were given are given to nobody else, whatever becomes of this process; units whose answer was lost are lost.
    async fn take(&self, count: &Count, units: u64, limit: u64) -> Result<u64, Error>;

    /// Takes units off a count that were given and not used. Not repeated where the answer was lost: what is given
    /// back twice would be used twice.
    async fn give_back(&self, count: &Count, units: u64) -> Result<(), Error>;

    /// How much is counted.
    async fn used(&self, count: &Count) -> Result<u64, Error>;

    /// How many units to take at once of a quota of `limit`: 1 where taking one costs next to nothing.
    fn batch_size(&self, limit: u64) -> u64;
}

/// The longest name of a client.
pub const CLIENT_LIMIT_BYTES: usize = 64;

/// The longest name of a window.
pub const WINDOW_LIMIT_BYTES: usize = 24;
