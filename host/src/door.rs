//! The front door: what a request must pass before the component sees it, in this order.
//!
//! 1. a head within its bounds that names one host (`head`), else 400, 414 or 431;
//! 2. a key (`keys`), else 403;
//! 3. its usage plan (`plan`), else 429;
//! 4. a body within its bound (`body`), else 413, or 400 and 408 where it does not arrive whole.
//!
//! The refusals are those of Amazon API Gateway, byte for byte where it has one (`refusal`), because the clients of
//! this API were written against it.

mod body;
mod head;
mod keys;
mod plan;
mod refusal;

use hyper::body::{Body, Bytes};
use hyper::http::request::Parts;
use tokio::time::Instant;

pub use self::keys::{ApiKey, KeyFile, KeyFileError, KeyRecord, KeyRing, Principal};
pub use self::plan::{Plan, RateLimit};
pub use self::refusal::Refusal;

/// Everything that a request is checked against.
pub struct Door {
    /// The keys that open it.
    pub keys: KeyRing,
    /// How much each key may ask for.
    pub plan: Plan,
    /// The most bytes of a body.
    pub body_limit_bytes: usize,
}

/// A request that passed the door: who sent it, and its body, whole.
pub struct Admitted {
    /// Whose key it carried.
    pub principal: Principal,
    /// Its body.
    pub body: Bytes,
}

impl Door {
    /// Refuses a head that is out of its bounds, or not for one host. The first check of all: the host's own pages, which
    /// need no key, are behind it too.
    pub fn check_head(parts: &Parts) -> Result<(), Refusal> {
        head::check(parts)
    }

    /// Lets a request in whose head was checked, or says why not.
    pub async fn admit<B>(&self, parts: &Parts, body: B, deadline: Instant) -> Result<Admitted, Refusal>
    where
        B: Body<Data = Bytes>,
    {
        let principal = self.keys.principal(&parts.headers).ok_or(Refusal::Forbidden)?;
        self.plan.take(&principal)?;
        let body = body::read(body, self.body_limit_bytes, deadline).await?;
        Ok(Admitted { principal, body })
    }
}
