//! The front door: what a request must pass before the component sees it, in this order.
//!
//! 1. a head within its limits that names one host (`head`), else 400, 414 or 431;
//! 2. a key (`keys`), else 403;
//! 3. a place among the requests in flight (`requests`), else 503;
//! 4. something left of its usage plan (`plan`, `usage`), else 429, or 503 where that cannot be counted;
//! 5. a body that is not encoded and within its limit (`body`), else 415 or 413, or 400 and 408 where it does not arrive
//!    whole.
//!
//! A request that finds no place is counted nowhere: the plan comes after it. One whose body is refused is counted, for
//! whatever reason that is, so that nobody can ask without an end at no cost.
//!
//! What a browser asks before it sends a request of another origin (`cors`) is answered before all but the first of these.
//!
//! The refusals are those of Amazon API Gateway, byte for byte where it has one (`refusal`), because the clients of
//! this API were written against it.

// In the order in which a request meets them.
mod head;
mod cors;
mod keys;
mod requests;
mod usage;
mod plan;
mod body;
mod refusal;

use std::time::Duration;

use hyper::body::{Body, Bytes};
use hyper::http::request::Parts;
use tokio::time::{Instant, timeout_at};

pub use self::cors::{Cors, Origin};
pub use self::head::HeadLimits;
pub(crate) use self::keys::ENVIRONMENT_KEY_ID;
pub use self::keys::{
    ActiveKeys, Client, ClientId, KeyFile, KeyFileContents, KeyFileError, KeyRecord, NewKey,
};
pub use self::plan::{DEFAULT_PLAN, Period, Plan, Quota};
pub use self::refusal::{Parity, Refusal};
pub use self::requests::{RequestPermit, Requests};
pub use self::usage::{RateLimit, Usage};

/// Everything that a request is checked against.
pub struct Door {
    /// Which pages of other origins may ask.
    pub cors: Cors,
    /// The keys that open it.
    pub keys: ActiveKeys,
    /// The most that a head may have.
    pub head: HeadLimits,
    /// How many may be in flight.
    pub requests: Requests,
    /// What each key has left.
    pub usage: Usage,
    /// The most bytes of a body.
    pub body_limit_bytes: usize,
    /// How long a body may take to arrive.
    pub body_time: Duration,
}

/// A request that passed the door: who sent it, and its body, whole.
pub struct Admitted {
    /// Whose key it carried.
    pub client: ClientId,
    /// Its body.
    pub body: Bytes,
    /// Its place among the requests in flight; to be kept until there is an answer.
    pub permit: RequestPermit,
}

impl Door {
    /// Refuses a head that is out of its limits, or not for one host. The first check of all: the host's own pages, which
    /// need no key, are behind it too.
    pub fn check_head(&self, parts: &Parts) -> Result<(), Refusal> {
        head::check(parts, self.head)
    }

    /// Lets a request in whose head was checked, or says why not.
    pub async fn admit<B>(&self, parts: &Parts, body: B, deadline: Instant) -> Result<Admitted, Refusal>
    where
        B: Body<Data = Bytes>,
    {
        let Client { id: client, plan } = self.keys.client(&parts.headers).ok_or(Refusal::Forbidden)?;
        let permit = self.requests.enter().await?;
        let taken = timeout_at(deadline, self.usage.take(&client, &plan)).await;
        taken.unwrap_or(Err(Refusal::Uncounted { lasts: false }))?;
        body::check_coding(&parts.headers)?;
        let deadline = deadline.min(Instant::now() + self.body_time);
        let body = body::read(body, self.body_limit_bytes, deadline).await?;
        Ok(Admitted { client, body, permit })
    }
}
