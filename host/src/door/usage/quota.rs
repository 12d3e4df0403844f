//! The quota of one principal: units that were taken from the meter, given out one by one.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tracing::warn;

use crate::backend::{Count, Error, Meter};
use crate::door::plan::{Quota, Window};
use crate::door::{Principal, Refusal};

/// What a principal has of its quota in this process.
pub(super) struct Lease {
    name: Arc<str>,
    held: Mutex<Option<Held>>,
}

/// Of one window.
struct Held {
    window: Window,
    count: Count,
    /// Taken from the meter, and not given out yet.
    units: u64,
    pause: Option<Pause>,
}

/// Until when the meter is not asked again: one that is used up or does not answer is not asked by every request.
struct Pause {
    until: Instant,
    /// Of which quota; another one is asked for at once.
    quota: Quota,
    why: Why,
}

/// Why there is no unit.
#[derive(Clone, Copy)]
enum Why {
    Spent,
    /// The meter failed, and fails until an operator has acted if `lasts`.
    Uncounted {
        lasts: bool,
    },
}

impl Lease {
    /// Nothing is taken yet.
    pub(super) fn new(principal: &Principal) -> Lease {
        Lease { name: principal.as_str().into(), held: Mutex::new(None) }
    }

    /// Gives out one unit of the window that `now` is in.
    pub(super) async fn take(&self, meter: &dyn Meter, quota: Quota, now: Timestamp) -> Result<(), Refusal> {
        let mut held = self.held.lock().await;
        let held = match &mut *held {
            Some(held) if held.is_of(quota, now) => held,
            other => other.insert(Held::new(&self.name, quota.period.window(now))),
        };
        if held.units == 0 {
            held.refill(meter, quota, now).await?;
        }
        held.units = held.units.saturating_sub(1);
        Ok(())
    }

    /// Gives back what was not given out.
    pub(super) async fn give_back(&self, meter: &dyn Meter) {
        let Some(held) = self.held.lock().await.take() else { return };
        if held.units == 0 {
            return;
        }
        if let Err(error) = meter.give_back(&held.count, held.units).await {
            let units = held.units;
            warn!(name = %held.count.name, units, %error, "units of a quota were not used and are lost");
        }
    }
}

impl Held {
    fn new(name: &Arc<str>, window: Window) -> Held {
        let count = Count { name: Arc::clone(name), window: window.name.as_str().into() };
        Held { window, count, units: 0, pause: None }
    }

    fn is_of(&self, quota: Quota, now: Timestamp) -> bool {
        self.window.holds(now) && self.window.name.ends_with(quota.period.word())
    }

    async fn refill(&mut self, meter: &dyn Meter, quota: Quota, now: Timestamp) -> Result<(), Refusal> {
        let pausing = |pause: &&Pause| pause.quota == quota && Instant::now() < pause.until;
        if let Some(pause) = self.pause.as_ref().filter(pausing) {
            return Err(self.refusal(pause.why, quota, now));
        }
        let limit = quota.requests.get();
        let (why, time) = match timeout(METER_TIME, meter.take(&self.count, meter.block(limit), limit)).await
        {
            Ok(Ok(0)) => (Why::Spent, SPENT_PAUSE),
            Ok(Ok(units)) => {
                self.units = units;
                self.pause = None;
                return Ok(());
            }
            Ok(Err(error)) => {
                warn!(name = %self.count.name, %error, "the use of a quota cannot be counted");
                (Why::Uncounted { lasts: matches!(error, Error::Misconfigured(_)) }, FAILED_PAUSE)
            }
            Err(_elapsed) => {
                warn!(name = %self.count.name, "the use of a quota cannot be counted: the store is silent");
                (Why::Uncounted { lasts: false }, FAILED_PAUSE)
            }
        };
        self.pause = Some(Pause { until: Instant::now() + time, quota, why });
        Err(self.refusal(why, quota, now))
    }

    fn refusal(&self, why: Why, quota: Quota, now: Timestamp) -> Refusal {
        match why {
            Why::Spent => self.exceeded(quota, now),
            Why::Uncounted { lasts } => Refusal::Uncounted { lasts },
        }
    }

    fn exceeded(&self, quota: Quota, now: Timestamp) -> Refusal {
        let between =
            |one, other: Timestamp| Duration::try_from(other.duration_since(one)).unwrap_or_default();
        let window = between(self.window.begin, self.window.end);
        Refusal::LimitExceeded { quota, window, retry_after: between(now, self.window.end) }
    }
}

/// How long a request waits for the meter.
const METER_TIME: Duration = Duration::from_secs(2);
/// Other hosts may give units back.
const SPENT_PAUSE: Duration = Duration::from_secs(10);
const FAILED_PAUSE: Duration = Duration::from_secs(1);
