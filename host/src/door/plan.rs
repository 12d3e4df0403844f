//! The usage plan: how much a key may ask for.
//!
//! A token bucket for each key, as API Gateway has it: it holds `burst` tokens, starts full, and fills at `rate`
//! tokens a second. The monthly quota of a plan is not counted yet.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::{Principal, Refusal};

/// Whether the usage plan holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RateLimit {
    /// Every key may ask for as much as the host can do.
    Off,
    /// 50 requests a second and a burst of 100 for each key.
    Plan,
}

/// The token buckets of all keys; one for each key that was ever used, so there are no more than keys.
pub struct Plan {
    buckets: Option<RateLimiter<Principal, HashMapStateStore<Principal>, DefaultClock>>,
}

impl Plan {
    /// A plan whose buckets are full.
    #[must_use]
    pub fn new(limit: RateLimit) -> Plan {
        let quota = Quota::per_second(RATE_PER_SECOND).allow_burst(BURST);
        let buckets = match limit {
            RateLimit::Off => None,
            RateLimit::Plan => Some(RateLimiter::hashmap(quota)),
        };
        Plan { buckets }
    }

    /// Takes a token of this key's bucket, or says when there will be one.
    pub(super) fn take(&self, principal: &Principal) -> Result<(), Refusal> {
        let Some(buckets) = &self.buckets else { return Ok(()) };
        buckets.check_key(principal).map_err(|empty| Refusal::TooManyRequests {
            retry_after: empty.wait_time_from(DefaultClock::default().now()),
        })
    }
}

/// Of the usage plan that every key has: 50 requests a second, and 100 at once.
const RATE_PER_SECOND: NonZeroU32 = number(50);
const BURST: NonZeroU32 = number(100);

const fn number(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_burst_and_then_waits() {
        let plan = Plan::new(RateLimit::Plan);
        let (one, other) = (Principal::new("one"), Principal::new("other"));
        let admitted = (0..1000).take_while(|_| plan.take(&one).is_ok()).count();
        // The bucket fills while it is emptied: a token each 20 ms.
        assert!((100..150).contains(&admitted), "{admitted}");
        assert!(matches!(plan.take(&one), Err(Refusal::TooManyRequests { .. })));
        assert!(plan.take(&other).is_ok(), "another key has a bucket of its own");
    }

    #[test]
    fn without_a_plan_nothing_is_counted() {
        let plan = Plan::new(RateLimit::Off);
        assert!((0..10_000).all(|_| plan.take(&Principal::new("one")).is_ok()));
    }
}
