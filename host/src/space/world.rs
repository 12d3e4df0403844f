//! The gate of a space: requests enter the present world, and a reset waits for them before it begins the next one.

use std::fmt::Write;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{RwLockReadGuard, RwLockWriteGuard};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Space, SpaceError};
use crate::clock;
use crate::door::Refusal;
use crate::journal::{CallState, Filter, StatusFilter};

impl Space {
    /// Begins a request that arrived at `arrived`. A write that arrived before a reset ended is refused: otherwise, the last
    /// writes of one test would be the first ones of the next. A read waits.
    pub(crate) async fn enter(
        &self,
        arrived: Instant,
        is_write: bool,
        deadline: Instant,
    ) -> Result<RwLockReadGuard<'_, Instant>, Refusal> {
        if let Some(entered) = self.enter_at_once(arrived, is_write) {
            return entered;
        }
        let entered = timeout_at(deadline, self.world.read());
        admitted(entered.await.map_err(|_elapsed| Refusal::Busy)?, arrived, is_write)
    }

    /// As [`Space::enter`]. `None` if the request has to wait.
    pub(crate) fn enter_at_once(
        &self,
        arrived: Instant,
        is_write: bool,
    ) -> Option<Result<RwLockReadGuard<'_, Instant>, Refusal>> {
        let entered = self.world.try_read().ok()?;
        Some(admitted(entered, arrived, is_write))
    }

    /// Waits for the requests in progress, and keeps others out until the guard is dropped. Delays of faults end early.
    pub(super) async fn close(&self) -> Result<RwLockWriteGuard<'_, Instant>, SpaceError> {
        let (begun, _hurry) = (clock::now().unwrap_or_default(), self.faults.hurry());
        let closed = timeout(LONGEST_REQUESTS, self.world.write()).await;
        closed.map_err(|_elapsed| SpaceError::Busy { requests: self.in_progress(begun) })
    }

    /// The requests that arrived before `at` and have no answer yet, in words.
    fn in_progress(&self, at: Timestamp) -> String {
        let (space, status) = (Some(self.name.to_string()), Some(StatusFilter::Open));
        let calls = self.journal.all_calls(&Filter { space, status, ..Filter::default() });
        let calls: Vec<_> =
            calls.iter().filter(|call| call.state == CallState::Open && call.at < at).collect();
        let named = calls.iter().take(NAMED_REQUESTS).map(|call| {
            let operation = call.operation.as_deref();
            let asked = operation.map_or_else(|| format!("{} {}", call.method, call.path), str::to_owned);
            format!("{asked} (call {})", call.n)
        });
        let mut named = named.collect::<Vec<_>>().join(", ");
        if calls.len() > NAMED_REQUESTS {
            let _ = write!(named, " and {} more", calls.len() - NAMED_REQUESTS);
        }
        named
    }
}

fn admitted(
    entered: RwLockReadGuard<'_, Instant>,
    arrived: Instant,
    is_write: bool,
) -> Result<RwLockReadGuard<'_, Instant>, Refusal> {
    if is_write && arrived < *entered { Err(Refusal::Busy) } else { Ok(entered) }
}

/// How long a reset waits for requests in progress. It is longer than a request may take by default.
pub(super) const LONGEST_REQUESTS: Duration = Duration::from_secs(15);
/// The most requests that an error names.
const NAMED_REQUESTS: usize = 3;
