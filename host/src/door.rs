//! The front door: what a request must pass before the component sees it, in this order.
//!
//! 1. a head within its bounds (`head`), else 414 or 431;
//! 2. a key (`keys`), else 403;
//! 3. something left of its usage plan (`plan`, `usage`), else 429, or 503 where that cannot be counted;
//! 4. a body within its bound (`body`), else 413, or 400 and 408 where it does not arrive whole.
//!
//! The refusals are those of Amazon API Gateway, byte for byte where it has one (`refusal`), because the clients of
//! this API were written against it.

mod body;
mod head;
mod keys;
mod plan;
mod refusal;
mod usage;

use hyper::body::{Body, Bytes};
use hyper::http::request::Parts;
use tokio::time::{Instant, timeout_at};

pub(crate) use self::keys::ENVIRONMENT_KEY_ID;
pub use self::keys::{ApiKey, Holder, KeyFile, KeyFileError, KeyRecord, KeyRing, Principal, Register};
pub use self::plan::{DEFAULT_PLAN, Period, Plan, Quota};
pub use self::refusal::{Parity, Refusal};
pub use self::usage::{RateLimit, Usage};

/// Everything that a request is checked against.
pub struct Door {
    /// The keys that open it.
    pub keys: KeyRing,
    /// What each key has left.
    pub usage: Usage,
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
    /// Lets a request in, or says why not.
    pub async fn admit<B>(&self, parts: &Parts, body: B, deadline: Instant) -> Result<Admitted, Refusal>
    where
        B: Body<Data = Bytes>,
    {
        head::check(parts)?;
        let Holder { principal, plan } = self.keys.holder(&parts.headers).ok_or(Refusal::Forbidden)?;
        let taken = timeout_at(deadline, self.usage.take(&principal, &plan)).await;
        taken.unwrap_or(Err(Refusal::Uncounted))?;
        let body = body::read(body, self.body_limit_bytes, deadline).await?;
        Ok(Admitted { principal, body })
    }
}
