//! What each client has used of its plan: a token bucket for the rate, and a quota.
//!
//! The rate is checked first, so a throttled request does not count against the quota. An admitted request counts even if
//! it fails later.

mod quota;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota as Rate, RateLimiter};
use jiff::Timestamp;
use serde::Serialize;
use tokio::time::timeout;
use tracing::warn;

use self::quota::Reservation;
use super::{ClientId, Period, Plan, Refusal};
use crate::backend::{Error, QuotaStore};
use crate::clock::{self, SpaceClock};

/// Whether the host enforces usage plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RateLimit {
    /// No key has a limit, and nothing is counted.
    Off,
    /// Every key has the rate, the burst and the quota of its plan.
    Plan,
}

/// The usage of all clients. A client gets an account with its first request, so there are at most as many accounts as keys.
pub(crate) struct Usage<C: Clock = DefaultClock> {
    accounts: RwLock<HashMap<ClientId, Arc<Account<C>>>>,
    quota_store: Arc<dyn QuotaStore>,
    limit: RateLimit,
    /// The clock of the quotas' windows, if it is not that of the machine. Rates always follow the time of the machine.
    windows: Option<Arc<SpaceClock>>,
    clock: C,
}

/// What is left of the quota of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct QuotaLeft {
    /// The client.
    pub(crate) client: Arc<str>,
    /// The name of its plan.
    pub(crate) plan: String,
    /// How many requests it can still send in this period. Units that other hosts have reserved count as used.
    pub(crate) left: u64,
    /// The most requests in a period.
    pub(crate) requests: u64,
    /// The period.
    pub(crate) period: Period,
    /// When the period ends, by the clock of the quota.
    pub(crate) ends: Timestamp,
}

/// Why nobody can say what is left of a quota.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QuotaError {
    /// The clock shows no date.
    #[error(transparent)]
    Clock(#[from] clock::OutOfRange),
    /// The quota store does not answer in time.
    #[error("the store of the quotas did not answer in time")]
    Slow,
    /// The quota store fails.
    #[error(transparent)]
    Store(#[from] Error),
}

struct Account<C: Clock> {
    plan: Arc<Plan>,
    bucket: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    reservation: Arc<Reservation>,
}

impl Usage {
    /// Usage with full buckets, and with the quota counts of `quota_store`.
    pub(crate) fn new(
        limit: RateLimit,
        quota_store: Arc<dyn QuotaStore>,
        windows: Option<Arc<SpaceClock>>,
    ) -> Usage {
        Usage { windows, ..Usage::with_clock(limit, quota_store, DefaultClock::default()) }
    }
}

impl<C: Clock + Clone> Usage<C> {
    fn with_clock(limit: RateLimit, quota_store: Arc<dyn QuotaStore>, clock: C) -> Usage<C> {
        Usage { accounts: RwLock::default(), quota_store, limit, windows: None, clock }
    }

    /// Counts one request of this client, or refuses the request if its plan is used up.
    pub(super) async fn take(&self, client: &ClientId, plan: &Arc<Plan>) -> Result<(), Refusal> {
        if self.limit == RateLimit::Off {
            return Ok(());
        }
        let now = self.windows.as_ref().map_or_else(clock::now, |windows| windows.now());
        let now = now.map_err(|error| {
            warn!(%error, "the use of a quota cannot be counted, so the request was refused");
            Refusal::Uncounted { lasts: true }
        })?;
        self.take_at(client, plan, now).await
    }

    /// What is left of the quotas of the clients that sent requests, the least first. This counts nothing.
    pub(crate) async fn left(&self) -> Result<Vec<QuotaLeft>, QuotaError> {
        self.left_at(self.windows.as_ref().map_or_else(clock::now, |windows| windows.now())?).await
    }

    async fn left_at(&self, now: Timestamp) -> Result<Vec<QuotaLeft>, QuotaError> {
        let accounts: Vec<_> = {
            let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
            accounts.iter().map(|(client, account)| (client.clone(), Arc::clone(account))).collect()
        };
        let mut all = Vec::new();
        for (client, account) in accounts {
            let Some(quota) = account.plan.quota else { continue };
            let left = account.reservation.left(&*self.quota_store, quota, now);
            let left = timeout(READ_TIME, left).await.map_err(|_elapsed| QuotaError::Slow)??;
            let (requests, ends) = (quota.requests.get(), quota.period.window(now).end);
            let (client, plan) = (Arc::clone(client.name()), account.plan.name.clone());
            all.push(QuotaLeft { client, plan, left, requests, period: quota.period, ends });
        }
        // As fractions of their quotas, without division.
        all.sort_by(|one, other| {
            let share = |a: &QuotaLeft, b: &QuotaLeft| u128::from(a.left) * u128::from(b.requests);
            share(one, other).cmp(&share(other, one)).then_with(|| one.client.cmp(&other.client))
        });
        Ok(all)
    }

    async fn take_at(&self, client: &ClientId, plan: &Arc<Plan>, now: Timestamp) -> Result<(), Refusal> {
        let account = self.account(client, plan);
        account.bucket.check().map_err(|empty| Refusal::TooManyRequests {
            plan: Arc::clone(&account.plan),
            retry_after: empty.wait_time_from(self.clock.now()),
        })?;
        let Some(quota) = plan.quota else { return Ok(()) };
        account.reservation.take(&*self.quota_store, quota, now).await
    }

    /// Returns the account of a client. If the plan has changed, the account gets a new bucket and keeps its reserved units.
    fn account(&self, client: &ClientId, plan: &Arc<Plan>) -> Arc<Account<C>> {
        let current = |account: &&Arc<Account<C>>| Arc::ptr_eq(&account.plan, plan) || account.plan == *plan;
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = accounts.get(client).filter(current) {
            return Arc::clone(account);
        }
        drop(accounts);
        let mut accounts = self.accounts.write().unwrap_or_else(PoisonError::into_inner);
        let known = accounts.get(client);
        if let Some(account) = known.filter(current) {
            return Arc::clone(account);
        }
        let reservation =
            known.map_or_else(|| Arc::new(Reservation::new(client)), |old| Arc::clone(&old.reservation));
        let bucket = RateLimiter::direct_with_clock(rate(plan), self.clock.clone());
        let account = Arc::new(Account { plan: Arc::clone(plan), bucket, reservation });
        accounts.insert(client.clone(), Arc::clone(&account));
        account
    }

    /// Forgets what every client has used, except for the counts of the quota store.
    pub(crate) fn forget(&self) {
        self.accounts.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Gives the unused reserved units of all clients back to the quota store, within a time limit.
    pub(crate) async fn close(&self) {
        let accounts: Vec<_> = {
            let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
            accounts.values().map(Arc::clone).collect()
        };
        let given = async {
            for account in accounts {
                account.reservation.give_back(&*self.quota_store).await;
            }
        };
        if timeout(CLOSE_TIME, given).await.is_err() {
            warn!("unused units of quotas are lost: the store was too slow to take them back");
        }
    }
}

fn rate(plan: &Plan) -> Rate {
    Rate::per_second(plan.rate_per_second.min(FASTEST)).allow_burst(plan.burst)
}

/// How long a reader waits for the quota of one client.
const READ_TIME: Duration = Duration::from_secs(2);
/// How long the end of the host waits for the quota store.
const CLOSE_TIME: Duration = Duration::from_secs(2);
/// The highest rate of `governor`: a token each nanosecond.
const FASTEST: NonZeroU32 = NonZeroU32::MIN.saturating_add(1_000_000_000 - 1);

#[cfg(test)]
mod tests;
