//! The answers of the host in place of the component's.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;

use super::{Plan, Quota};
use crate::sandbox::HandleError;

/// Why the host answers in place of the component.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The body ended early, or its framing is invalid.
    BodyBroken,
    /// A header states a content coding of the body. The name of the coding is safe to quote.
    BodyEncoded { coding: String },
    /// The body was not complete by the deadline.
    BodySlow,
    /// The body exceeds its limit.
    BodyTooLarge { limit_bytes: usize },
    /// There are too many connections or requests. The component was not called.
    Busy,
    /// The component did not answer by the deadline.
    Deadline,
    /// The component failed. The log has the reason.
    Failed,
    /// The key is missing, unknown or revoked. The answer does not tell these apart.
    Forbidden,
    /// All headers together exceed their limit.
    HeadersTooLarge { limit_bytes: usize },
    /// The keys could not be read yet, so nobody knows whether the key is valid.
    KeysUnknown,
    /// The quota of the key is used up. The next period of length `window` begins after `retry_after`.
    LimitExceeded { quota: Quota, window: Duration, retry_after: Duration },
    /// The header `Host` is missing, repeated or malformed, or differs from the request target.
    NoHost,
    /// The target is `*` or an authority and not a path.
    NoPath,
    /// The plan of the key allows only reads, and the method of the request may change something.
    ReadOnly,
    /// Path and query together exceed their limit.
    TargetTooLong { limit_bytes: usize },
    /// The token bucket of the client is empty. It gets a token after `retry_after`.
    TooManyRequests { plan: Arc<Plan>, retry_after: Duration },
    /// There are too many headers.
    TooManyHeaders { limit: usize },
    /// The request cannot be counted against the quota, until an operator acts if `lasts`. The component was not called.
    Uncounted { lasts: bool },
}

/// What the answer to a refused request states.
struct Row {
    status: u16,
    error_type: &'static str,
    reason: &'static str,
    message: Cow<'static, str>,
    /// What happened and what to do. `None` if the message states that.
    detail: Option<Cow<'static, str>>,
    retry_after: Option<Duration>,
    /// The name and the policy of the limit of a plan that was reached.
    limit: Option<(&'static str, String)>,
}

impl Refusal {
    /// The table of all refusals.
    fn row(&self) -> Row {
        match self {
            Refusal::BodyBroken => row(400, "body_broken", "The request body is incomplete or malformed"),
            Refusal::BodyEncoded { coding } => {
                let advice = "send the body without Content-Encoding";
                row(415, "body_encoded", format!("The content coding {coding} is not supported; {advice}"))
            }
            Refusal::BodySlow => row(408, "body_slow", "The request body did not arrive in time"),
            Refusal::BodyTooLarge { limit_bytes } => {
                row(413, "body_too_large", format!("The request body is larger than {limit_bytes} bytes"))
            }
            Refusal::Busy => Row { retry_after: Some(SOON), ..row(503, "busy", "Service Unavailable") },
            Refusal::Deadline => row(504, "deadline", "Endpoint request timed out"),
            Refusal::Failed => row(500, "failed", "Internal server error"),
            Refusal::Forbidden => Row {
                detail: Some("Send a valid key in the header x-api-key, once.".into()),
                ..row(403, "forbidden", "Forbidden")
            },
            Refusal::HeadersTooLarge { limit_bytes } => row(
                431,
                "headers_too_large",
                format!("The request headers are larger than {limit_bytes} bytes"),
            ),
            Refusal::KeysUnknown => Row {
                detail: Some(KEYS_UNKNOWN.into()),
                retry_after: Some(SOON),
                ..row(503, "keys_unknown", "Service Unavailable")
            },
            Refusal::LimitExceeded { quota, window, retry_after } => Row {
                error_type: "LimitExceededException",
                detail: Some(quota_detail(quota)),
                retry_after: Some(*retry_after),
                limit: Some(("quota", format!("q={};w={}", quota.requests, window.as_secs()))),
                ..row(429, "limit_exceeded", "Limit Exceeded")
            },
            Refusal::NoHost => row(400, "no_host", "The request must name one host"),
            Refusal::NoPath => row(400, "no_path", "The request target is not a path"),
            Refusal::ReadOnly => {
                row(403, "read_only", "The plan of the key allows only GET, HEAD and OPTIONS")
            }
            Refusal::TargetTooLong { limit_bytes } => {
                row(414, "target_too_long", format!("The request target is longer than {limit_bytes} bytes"))
            }
            Refusal::TooManyHeaders { limit } => {
                row(431, "too_many_headers", format!("The request has more than {limit} headers"))
            }
            Refusal::TooManyRequests { plan, retry_after } => Row {
                detail: Some(rate_detail(plan)),
                retry_after: Some(*retry_after),
                limit: Some(("rate", format!("q={};w=1", plan.rate_per_second))),
                ..row(429, "too_many_requests", "Too Many Requests")
            },
            Refusal::Uncounted { lasts } => Row {
                detail: Some(if *lasts { UNCOUNTED_LASTS } else { UNCOUNTED }.into()),
                retry_after: (!lasts).then_some(SOON),
                ..row(503, "uncounted", "Service Unavailable")
            },
        }
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.row().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The `x-amzn-ErrorType` that API Gateway has for such a refusal.
    pub(crate) fn error_type(&self) -> &'static str {
        self.row().error_type
    }

    /// The label in metrics and in the log.
    pub(crate) fn reason(&self) -> &'static str {
        self.row().reason
    }

    /// The value of `Retry-After`, if repeating the request helps. Rounded up, so that a request after that time is admitted.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        let time = self.row().retry_after?;
        Some((time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1))
    }

    /// The problem type (RFC 9457).
    pub(crate) fn problem_type(&self) -> String {
        let exceeded = |(limit, _)| format!("urn:portdesk:problem:{limit}-exceeded");
        self.row().limit.map_or_else(|| "about:blank".to_owned(), exceeded)
    }

    /// What happened and what to do, which the messages of API Gateway do not say.
    pub(crate) fn detail(&self) -> String {
        let Row { detail, message, .. } = self.row();
        detail.unwrap_or(message).into_owned()
    }

    /// The values of `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11) if a limit of a plan was
    /// reached.
    pub(crate) fn rate_limit(&self) -> Option<(String, String)> {
        let seconds = self.retry_after_seconds()?;
        let (limit, policy) = self.row().limit?;
        Some((format!("\"{limit}\";{policy}"), format!("\"{limit}\";r=0;t={seconds}")))
    }

    /// Whether the component may have stored something.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Refusal::Deadline | Refusal::Failed)
    }
}

/// Shows the message of the answer.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.row().message)
    }
}

impl From<&HandleError> for Refusal {
    fn from(failure: &HandleError) -> Refusal {
        match failure {
            HandleError::Busy => Refusal::Busy,
            HandleError::Deadline => Refusal::Deadline,
            HandleError::Answer(_) | HandleError::Memory(_) | HandleError::Trap(_) => Refusal::Failed,
        }
    }
}

/// A row without advice, with the error type that API Gateway usually has for the status.
fn row(status: u16, reason: &'static str, message: impl Into<Cow<'static, str>>) -> Row {
    let error_type = match status {
        403 => "ForbiddenException",
        413 | 414 | 431 => "RequestTooLargeException",
        429 => "TooManyRequestsException",
        500 | 504 => "InternalServerErrorException",
        503 => "ServiceUnavailableException",
        _ => "BadRequestException",
    };
    Row { status, error_type, reason, message: message.into(), detail: None, retry_after: None, limit: None }
}

fn quota_detail(Quota { requests, period }: &Quota) -> Cow<'static, str> {
    let period = period.word();
    format!("The key has used its {requests} requests of this {period} (UTC). Repeat after Retry-After.")
        .into()
}

fn rate_detail(Plan { rate_per_second, burst, .. }: &Plan) -> Cow<'static, str> {
    format!("The key has {rate_per_second} requests a second, and {burst} at once. Repeat later.").into()
}

const KEYS_UNKNOWN: &str = "The host could not read the keys yet. Nothing was done; repeat later.";
const UNCOUNTED: &str = "The quota of the key cannot be counted. Nothing was done; repeat later.";
const UNCOUNTED_LASTS: &str = "The quota of the key cannot be counted: the store is not set up for it. Nothing was \
                               done; do not repeat, an operator must act first.";

/// When to repeat a request if nobody can know when that helps.
const SOON: Duration = Duration::from_secs(1);

/// How closely refusals resemble those of API Gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Parity {
    /// In addition, refusals have the members of a problem (RFC 9457) and headers that state when to repeat.
    Friendly,
    /// Refusals have exactly the body and the headers of API Gateway.
    Strict,
}
