//! The door: what a request must pass before the component runs. The checks run in this order:
//!
//! 1. The head is within its limits and names one host (`head`); otherwise 400, 414 or 431.
//! 2. The key is valid (`keys`), and its plan allows the method (`plan`); otherwise 403, or 503 if the keys could not be read yet.
//! 3. Fewer requests than the limit are in flight (`requests`); otherwise 503.
//! 4. The usage plan of the key has requests left (`plan`, `usage`); otherwise 429, or 503 if the use cannot be counted.
//! 5. The body is not encoded and within its limit (`body`); otherwise 415 or 413, or 400 or 408 if the body does not
//!    arrive completely.
//!
//! The plan does not count a request that a check before it refuses. The plan counts a request whose body is refused,
//! because otherwise a client could send any number of such requests for free.
//!
//! The preflight request of a browser (`cors`) is answered after the first check.
//!
//! The refusals are those of Amazon API Gateway, byte for byte if API Gateway has such a refusal (`refusal`), because the
//! clients of this API were written for API Gateway.

mod head;
mod cors;
mod keys;
mod space_keys;
mod requests;
mod usage;
mod plan;
mod body;
mod refusal;

use std::sync::Arc;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::body::{Body, Bytes};
use hyper::http::request::Parts;
use tokio::time::{Instant, timeout_at};

pub(crate) use self::cors::Cors;
pub use self::cors::Origin;
pub use self::head::HeadLimits;
pub use self::keys::{
    ActiveKeys, KeyFile, KeyFileContents, KeyFileError, KeyRecord, KeyTable, KeyTableError, NewKey,
};
pub(crate) use self::keys::{Client, ClientId, ENVIRONMENT_KEY_ID, KeySource};
pub(crate) use self::plan::DEFAULT_PLAN;
pub use self::plan::{Period, Plan, Quota};
pub use self::refusal::Parity;
pub(crate) use self::refusal::Refusal;
use self::requests::RequestPermit;
pub(crate) use self::requests::Requests;
pub(crate) use self::space_keys::SpaceClient;
pub use self::space_keys::SpaceKeys;
pub use self::usage::RateLimit;
pub(crate) use self::usage::{QuotaError, Usage};

/// The checks, and what they compare a request with.
pub struct Door {
    /// The web pages that may call the host from a browser.
    pub(crate) cors: Cors,
    /// The valid keys.
    pub(crate) keys: ActiveKeys,
    /// The keys of spaces, if there can be any.
    pub(crate) space_keys: Option<Arc<SpaceKeys>>,
    /// The limits of a head.
    pub(crate) head: HeadLimits,
    /// The requests in flight.
    pub(crate) requests: Requests,
    /// What each client has used of its plan.
    pub(crate) usage: Arc<Usage>,
    /// The most bytes of a body.
    pub(crate) body_limit_bytes: usize,
    /// How long a body may take to arrive.
    pub(crate) body_time: Duration,
}

/// A request that passed the door.
pub(crate) struct Admitted {
    /// The client whose key the request has.
    pub(crate) client: ClientId,
    /// Whether its plan allows only reads. A message, which is a POST in any case, is admitted all the same.
    pub(crate) is_read_only: bool,
    /// The space of its key, if that is not the main one.
    pub(crate) space: Option<Arc<str>>,
    /// Counts the request as in flight until this is dropped.
    _permit: RequestPermit,
}

/// A client that needs no key and has no plan, because its way in has checked it. Only a way in can add one to the extensions of
/// a request.
#[derive(Debug, Clone)]
pub struct TrustedClient(ClientId);

impl TrustedClient {
    /// The client of this name.
    pub(crate) fn new(name: &str) -> TrustedClient {
        TrustedClient(ClientId::new(name))
    }
}

impl Door {
    /// Refuses a head that exceeds its limits or does not name one host. Requests for the host's own pages, which need no
    /// key, pass this check too.
    pub(crate) fn check_head(&self, parts: &Parts) -> Result<(), Refusal> {
        head::check(parts, self.head)
    }

    /// Refuses a head that exceeds its limits.
    pub(crate) fn check_size(&self, parts: &Parts) -> Result<(), Refusal> {
        head::check_size(parts, self.head)
    }

    /// Makes all other checks but that of the body, for a request whose head was checked. `is_write` states whether the request
    /// itself may change something.
    pub(crate) async fn admit(
        &self,
        parts: &Parts,
        is_write: bool,
        deadline: Instant,
    ) -> Result<Admitted, Refusal> {
        if let Some(TrustedClient(client)) = parts.extensions.get() {
            let (client, permit) = (client.clone(), self.requests.enter().await?);
            return Ok(Admitted { client, is_read_only: false, space: None, _permit: permit });
        }
        let (Client { id: client, plan }, space) = self.known_client(&parts.headers)?;
        let is_read_only = plan.read_only;
        if is_read_only && is_write {
            return Err(Refusal::ReadOnly);
        }
        let permit = self.requests.enter().await?;
        let usage = space.as_ref().map_or(&self.usage, |space| &space.usage);
        let taken = timeout_at(deadline, usage.take(&client, &plan)).await;
        taken.unwrap_or(Err(Refusal::Uncounted { lasts: false }))?;
        let space = space.map(|space| space.space);
        Ok(Admitted { client, is_read_only, space, _permit: permit })
    }

    /// Admits a request of the host itself, for a client that needs no key and has no plan.
    pub(crate) async fn admit_own(&self, client: &str) -> Result<Admitted, Refusal> {
        let permit = self.requests.enter().await?;
        Ok(Admitted { client: ClientId::new(client), is_read_only: false, space: None, _permit: permit })
    }

    /// The client of the key of a request, and its space if that is not the main one.
    pub(crate) fn client(&self, headers: &HeaderMap) -> Option<(Client, Option<SpaceClient>)> {
        if let Some(client) = self.keys.client(headers) {
            return Some((client, None));
        }
        let space = self.space_keys.as_ref()?.client(headers)?;
        Some((space.client.clone(), Some(space)))
    }

    fn known_client(&self, headers: &HeaderMap) -> Result<(Client, Option<SpaceClient>), Refusal> {
        let refusal = || if self.keys.are_known() { Refusal::Forbidden } else { Refusal::KeysUnknown };
        self.client(headers).ok_or_else(refusal)
    }

    /// Reads the body of a request, if it is not encoded and within its limits.
    pub(crate) async fn read_body<B>(
        &self,
        headers: &HeaderMap,
        body: B,
        deadline: Instant,
    ) -> Result<Bytes, Refusal>
    where
        B: Body<Data = Bytes>,
    {
        body::check_coding(headers)?;
        body::read(body, self.body_limit_bytes, deadline.min(Instant::now() + self.body_time)).await
    }
}
