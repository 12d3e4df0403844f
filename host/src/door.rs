//! The front door: what a request must pass before the component sees it, in this order.
//!
//! 1. a head within its bounds that names one host (`head`), else 400, 414 or 431;
//! 2. a key (`keys`), else 403;
//! 3. its usage plan (`plan`), else 429;
//! 4. a place among the requests in flight (`requests`), else 503;
//! 5. a body within its bound (`body`), else 413, or 400 and 408 where it does not arrive whole.
//!
//! The refusals are those of Amazon API Gateway, byte for byte where it has one (`refusal`), because the clients of
//! this API were written against it.

mod body;
mod head;
mod keys;
mod plan;
mod refusal;
mod requests;

use std::time::Duration;

use hyper::body::{Body, Bytes};
use hyper::http::request::Parts;
use tokio::time::Instant;

pub use self::head::HeadBounds;
pub use self::keys::{ApiKey, KeyFile, KeyFileError, KeyRecord, KeyRing, Principal};
pub use self::plan::{Plan, RateLimit};
pub use self::refusal::Refusal;
pub use self::requests::{Place, Requests};

/// Everything that a request is checked against.
pub struct Door {
    /// The keys that open it.
    pub keys: KeyRing,
    /// How much each key may ask for.
    pub plan: Plan,
    /// The most that a head may have.
    pub head: HeadBounds,
    /// How many may be in flight.
    pub requests: Requests,
    /// The most bytes of a body.
    pub body_limit_bytes: usize,
    /// How long a body may take to arrive.
    pub body_time: Duration,
}

/// A request that passed the door: who sent it, and its body, whole.
pub struct Admitted {
    /// Whose key it carried.
    pub principal: Principal,
    /// Its body.
    pub body: Bytes,
    /// Its place among the requests in flight; to be kept until there is an answer.
    pub place: Place,
}

impl Door {
    /// Refuses a head that is out of its bounds, or not for one host. The first check of all: the host's own pages, which
    /// need no key, are behind it too.
    pub fn check_head(&self, parts: &Parts) -> Result<(), Refusal> {
        head::check(parts, self.head)
    }

    /// Lets a request in whose head was checked, or says why not.
    pub async fn admit<B>(&self, parts: &Parts, body: B, deadline: Instant) -> Result<Admitted, Refusal>
    where
        B: Body<Data = Bytes>,
    {
        let principal = self.keys.principal(&parts.headers).ok_or(Refusal::Forbidden)?;
        self.plan.take(&principal)?;
        let place = self.requests.enter().await?;
        let deadline = deadline.min(Instant::now() + self.body_time);
        let body = body::read(body, self.body_limit_bytes, deadline).await?;
        Ok(Admitted { principal, body, place })
    }
}
