//! What the keys have used of their plans: a bucket and a quota for each client.
//!
//! The rate is asked first: a request that is throttled uses nothing of the quota. A request that is let in here has
//! used its unit, whatever becomes of it.

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
use tokio::time::timeout;
use tracing::warn;

use self::quota::Reservation;
use super::{ClientId, Plan, Refusal};
use crate::backend::QuotaStore;
use crate::clock;

/// Whether usage plans hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RateLimit {
    /// Every key may ask for as much as the host can do, and nothing is counted.
    Off,
    /// Every key has the rate, the burst and the quota of its plan.
    Plan,
}

/// The usage of all clients; one account for each that ever came, so there are no more than keys.
pub struct Usage<C: Clock = DefaultClock> {
    accounts: RwLock<HashMap<ClientId, Arc<Account<C>>>>,
    quota_store: Arc<dyn QuotaStore>,
    limit: RateLimit,
    clock: C,
}

struct Account<C: Clock> {
    plan: Arc<Plan>,
    bucket: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    reservation: Arc<Reservation>,
}

impl Usage {
    /// Usage with full buckets, and quotas as `quota_store` has them.
    #[must_use]
    pub fn new(limit: RateLimit, quota_store: Arc<dyn QuotaStore>) -> Usage {
        Usage::with_clock(limit, quota_store, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Usage<C> {
    fn with_clock(limit: RateLimit, quota_store: Arc<dyn QuotaStore>, clock: C) -> Usage<C> {
        Usage { accounts: RwLock::default(), quota_store, limit, clock }
    }

    /// Lets one request of this client in, or says when to come again.
    pub(super) async fn take(&self, client: &ClientId, plan: &Arc<Plan>) -> Result<(), Refusal> {
        match clock::now() {
            Ok(now) => self.take_at(client, plan, now).await,
            // Without plans no time is needed.
            Err(_) if self.limit == RateLimit::Off => Ok(()),
            Err(error) => {
                warn!(%error, "the use of a quota cannot be counted");
                Err(Refusal::Uncounted { lasts: true })
            }
        }
    }

    async fn take_at(&self, client: &ClientId, plan: &Arc<Plan>, now: Timestamp) -> Result<(), Refusal> {
        if self.limit == RateLimit::Off {
            return Ok(());
        }
        let account = self.account(client, plan);
        account.bucket.check().map_err(|empty| Refusal::TooManyRequests {
            plan: Arc::clone(&account.plan),
            retry_after: empty.wait_time_from(self.clock.now()),
        })?;
        let Some(quota) = plan.quota else { return Ok(()) };
        account.reservation.take(&*self.quota_store, quota, now).await
    }

    /// The account of a client. One whose plan was changed gets a new bucket, and keeps what it has of its quota.
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

    /// Gives back what was taken of quotas and not used, as far as a moment allows: the end of a host waits for it.
    pub async fn close(&self) {
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
            warn!("units of quotas were not used and are lost: the store is too slow to take them back");
        }
    }
}

fn rate(plan: &Plan) -> Rate {
    Rate::per_second(plan.rate_per_second.min(FASTEST)).allow_burst(plan.burst)
}

/// How long the end of a host may take for this.
const CLOSE_TIME: Duration = Duration::from_secs(2);
/// What the bucket can tell apart: a token each nanosecond.
const FASTEST: NonZeroU32 = NonZeroU32::MIN.saturating_add(1_000_000_000 - 1);

#[cfg(test)]
mod tests;
