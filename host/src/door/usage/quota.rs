//! The quota of one client. The host reserves units of the quota in batches, and each request uses one unit.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tracing::warn;

use crate::backend::{Count, Error, QuotaStore};
use crate::door::plan::{Quota, Window};
use crate::door::{ClientId, Refusal};

/// The units of one client that this process has reserved.
pub(super) struct Reservation {
    client: Arc<str>,
    reserved: Mutex<Option<ReservedUnits>>,
}

/// The reserved units of one window.
struct ReservedUnits {
    window: Window,
    count: Count,
    /// Reserved in the quota store, and not used yet.
    units: u64,
    pause: Option<Pause>,
}

/// A time without calls to the quota store, so that a quota that is used up or a store that fails does not cost a call for
/// each request.
struct Pause {
    until: Instant,
    /// The quota in force when the pause began. A change of the quota ends the pause.
    quota: Quota,
    why: Why,
}

/// Why a request gets no unit.
#[derive(Clone, Copy)]
enum Why {
    Spent,
    /// The quota store failed. If `lasts`, it fails until an operator acts.
    Uncounted {
        lasts: bool,
    },
}

impl Reservation {
    /// Starts without reserved units.
    pub(super) fn new(client: &ClientId) -> Reservation {
        Reservation { client: client.as_str().into(), reserved: Mutex::new(None) }
    }

    /// Uses one unit of the window that contains `now`. Reserves more units if none are left.
    pub(super) async fn take(
        &self,
        quota_store: &dyn QuotaStore,
        quota: Quota,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let mut reserved = self.reserved.lock().await;
        let reserved = match &mut *reserved {
            Some(reserved) if reserved.is_of(quota, now) => reserved,
            other => other.insert(ReservedUnits::new(&self.client, quota.period.window(now))),
        };
        if reserved.units == 0 {
            reserved.refill(quota_store, quota, now).await?;
        }
        reserved.units = reserved.units.saturating_sub(1);
        Ok(())
    }

    /// What is left of the quota in the window that contains `now`. This uses no unit, and reserves none.
    pub(super) async fn left(
        &self,
        quota_store: &dyn QuotaStore,
        quota: Quota,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let window = quota.period.window(now);
        // The units first: those that a request takes meanwhile then count as used.
        let reserved = self.reserved.lock().await;
        let units = reserved.as_ref().filter(|units| units.is_of(quota, now)).map_or(0, |units| units.units);
        drop(reserved);
        let count = Count { client: Arc::clone(&self.client), window: window.name.as_str().into() };
        let used = quota_store.used(&count).await?;
        Ok(quota.requests.get().saturating_sub(used.saturating_sub(units)))
    }

    /// Gives the unused units back to the quota store.
    pub(super) async fn give_back(&self, quota_store: &dyn QuotaStore) {
        let Some(reserved) = self.reserved.lock().await.take() else { return };
        if reserved.units == 0 {
            return;
        }
        if let Err(error) = quota_store.give_back(&reserved.count, reserved.units).await {
            let units = reserved.units;
            warn!(client = %reserved.count.client, units, %error, "unused units of a quota are lost");
        }
    }
}

impl ReservedUnits {
    fn new(client: &Arc<str>, window: Window) -> ReservedUnits {
        let count = Count { client: Arc::clone(client), window: window.name.as_str().into() };
        ReservedUnits { window, count, units: 0, pause: None }
    }

    fn is_of(&self, quota: Quota, now: Timestamp) -> bool {
        self.window.holds(now) && self.window.name.ends_with(quota.period.word())
    }

    async fn refill(
        &mut self,
        quota_store: &dyn QuotaStore,
        quota: Quota,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let pausing = |pause: &&Pause| pause.quota == quota && Instant::now() < pause.until;
        if let Some(pause) = self.pause.as_ref().filter(pausing) {
            return Err(self.refusal(pause.why, quota, now));
        }
        let limit = quota.requests.get();
        let taken = quota_store.take(&self.count, quota_store.batch_size(limit), limit);
        let (why, time) = match timeout(QUOTA_STORE_TIME, taken).await {
            Ok(Ok(0)) => (Why::Spent, SPENT_PAUSE),
            Ok(Ok(units)) => {
                self.units = units;
                self.pause = None;
                return Ok(());
            }
            Ok(Err(error)) => {
                warn!(client = %self.count.client, %error, "the use of a quota cannot be counted");
                (Why::Uncounted { lasts: matches!(error, Error::Misconfigured(_)) }, FAILED_PAUSE)
            }
            Err(_elapsed) => {
                warn!(client = %self.count.client, "the use of a quota cannot be counted: the store did not answer in time");
                (Why::Uncounted { lasts: false }, FAILED_PAUSE)
            }
        };
        self.pause = Some(Pause { until: Instant::now() + time, quota, why });
        Err(self.refusal(why, quota, now))
    }

    fn refusal(&self, why: Why, quota: Quota, now: Timestamp) -> Refusal {
        match why {
            Why::Spent => self.window.spent(quota, now),
            Why::Uncounted { lasts } => Refusal::Uncounted { lasts },
        }
    }
}

/// How long a request waits for the quota store.
const QUOTA_STORE_TIME: Duration = Duration::from_secs(2);
/// Other hosts may give units back, so a quota that is used up is tried again.
const SPENT_PAUSE: Duration = Duration::from_secs(10);
const FAILED_PAUSE: Duration = Duration::from_secs(1);
