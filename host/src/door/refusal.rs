//! What the host itself answers when the component is not asked, or does not answer.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;

use super::{Plan, Quota};
use crate::sandbox::HandleError;

/// Why the host answers in place of the component.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The body broke off, or is not what its headers say.
    #[error("The request body is incomplete or malformed")]
    BodyBroken,
    /// The headers say that the body is encoded.
    #[error("The content coding {coding} is not supported; send the body without Content-Encoding")]
    BodyEncoded {
        /// The coding, as far as it can be shown.
        coding: String,
    },
    /// The body did not arrive by the deadline.
    #[error("The request body did not arrive in time")]
    BodySlow,
    /// The body is over its limit.
    #[error("The request body is larger than {limit_bytes} bytes")]
    BodyTooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// More requests than the host can take; the component was not called.
    #[error("Service Unavailable")]
    Busy,
    /// The component did not answer by the deadline.
    #[error("Endpoint request timed out")]
    Deadline,
    /// The component failed; the log says how.
    #[error("Internal server error")]
    Failed,
    /// No key, an unknown one, or a revoked one: all alike.
    #[error("Forbidden")]
    Forbidden,
    /// The headers together are over their limit.
    #[error("The request headers are larger than {limit_bytes} bytes")]
    HeadersTooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// The quota of the key is used up.
    #[error("Limit Exceeded")]
    LimitExceeded {
        /// The quota.
        quota: Quota,
        /// How long its period is.
        window: Duration,
        /// When the next period begins.
        retry_after: Duration,
    },
    /// No host, more than one, one that is none, or another than that of the target.
    #[error("The request must name one host")]
    NoHost,
    /// The target is an authority or `*`, which name nothing here.
    #[error("The request target is no path")]
    NoPath,
    /// The path and query together are over their limit.
    #[error("The request target is longer than {limit_bytes} bytes")]
    TargetTooLong {
        /// The limit.
        limit_bytes: usize,
    },
    /// The key's bucket is empty.
    #[error("Too Many Requests")]
    TooManyRequests {
        /// The key's plan.
        plan: Arc<Plan>,
        /// When there will be a token.
        retry_after: Duration,
    },
    /// There are more headers than their limit.
    #[error("The request has more than {limit} headers")]
    TooManyHeaders {
        /// The limit.
        limit: usize,
    },
    /// What the key uses of its quota cannot be counted; the component was not called.
    #[error("Service Unavailable")]
    Uncounted {
        /// Whether that stays so until an operator has acted.
        lasts: bool,
    },
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::BodyBroken | Refusal::NoHost | Refusal::NoPath => StatusCode::BAD_REQUEST,
            Refusal::BodyEncoded { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::BodySlow => StatusCode::REQUEST_TIMEOUT,
            Refusal::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Busy | Refusal::Uncounted { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Deadline => StatusCode::GATEWAY_TIMEOUT,
            Refusal::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            Refusal::Forbidden => StatusCode::FORBIDDEN,
            Refusal::HeadersTooLarge { .. } | Refusal::TooManyHeaders { .. } => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Refusal::TargetTooLong { .. } => StatusCode::URI_TOO_LONG,
            Refusal::LimitExceeded { .. } | Refusal::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// The `x-amzn-ErrorType` that API Gateway would give.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self {
            Refusal::BodyBroken
            | Refusal::BodyEncoded { .. }
            | Refusal::BodySlow
            | Refusal::NoHost
            | Refusal::NoPath => "BadRequestException",
            Refusal::BodyTooLarge { .. }
            | Refusal::HeadersTooLarge { .. }
            | Refusal::TargetTooLong { .. }
            | Refusal::TooManyHeaders { .. } => "RequestTooLargeException",
            Refusal::Busy | Refusal::Uncounted { .. } => "ServiceUnavailableException",
            Refusal::Deadline | Refusal::Failed => "InternalServerErrorException",
            Refusal::LimitExceeded { .. } => "LimitExceededException",
            Refusal::Forbidden => "ForbiddenException",
            Refusal::TooManyRequests { .. } => "TooManyRequestsException",
        }
    }

    /// What it is counted as.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Refusal::BodyBroken => "body_broken",
            Refusal::BodyEncoded { .. } => "body_encoded",
            Refusal::BodySlow => "body_slow",
            Refusal::BodyTooLarge { .. } => "body_too_large",
            Refusal::Busy => "busy",
            Refusal::Deadline => "deadline",
            Refusal::Failed => "failed",
            Refusal::Forbidden => "forbidden",
            Refusal::HeadersTooLarge { .. } => "headers_too_large",
            Refusal::LimitExceeded { .. } => "limit_exceeded",
            Refusal::NoHost => "no_host",
            Refusal::NoPath => "no_path",
            Refusal::TargetTooLong { .. } => "target_too_long",
            Refusal::TooManyHeaders { .. } => "too_many_headers",
            Refusal::TooManyRequests { .. } => "too_many_requests",
            Refusal::Uncounted { .. } => "uncounted",
        }
    }

    /// After how many seconds to try again, where that helps.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Refusal::Busy | Refusal::Uncounted { lasts: false } => Some(1),
            Refusal::LimitExceeded { retry_after, .. } | Refusal::TooManyRequests { retry_after, .. } => {
                Some(whole_seconds(*retry_after))
            }
            Refusal::BodyBroken
            | Refusal::BodyEncoded { .. }
            | Refusal::BodySlow
            | Refusal::BodyTooLarge { .. }
            | Refusal::Deadline
            | Refusal::Failed
            | Refusal::Forbidden
            | Refusal::HeadersTooLarge { .. }
            | Refusal::NoHost
            | Refusal::NoPath
            | Refusal::TargetTooLong { .. }
            | Refusal::TooManyHeaders { .. }
            | Refusal::Uncounted { lasts: true } => None,
        }
    }

    /// What kind of problem it is (RFC 9457), where the status does not say it all.
    #[must_use]
    pub fn problem_type(&self) -> String {
        let exceeded = |(limit, _)| format!("urn:portdesk:problem:{limit}-exceeded");
        self.limit().map_or_else(|| "about:blank".to_owned(), exceeded)
    }

    /// What is wrong and what to change: API Gateway's own words say neither.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Refusal::Forbidden => "Send a valid key in the header x-api-key, once.".to_owned(),
            Refusal::LimitExceeded { quota: Quota { requests, period }, .. } => {
                let period = period.word();
                format!(
                    "The key has used its {requests} requests of this {period} (UTC). Repeat after Retry-After."
                )
            }
            Refusal::TooManyRequests { plan, .. } => {
                let Plan { rate_per_second, burst, .. } = &**plan;
                format!("The key has {rate_per_second} requests a second, and {burst} at once. Repeat later.")
            }
            Refusal::Uncounted { lasts: false } => {
                "The quota of the key cannot be counted. Nothing was done; repeat later.".to_owned()
            }
            Refusal::Uncounted { lasts: true } => {
                "The quota of the key cannot be counted: the store is not set up for it. Nothing was done; do not repeat, \
                 an operator has to act first."
                    .to_owned()
            }
            Refusal::BodyBroken
            | Refusal::BodyEncoded { .. }
            | Refusal::BodySlow
            | Refusal::BodyTooLarge { .. }
            | Refusal::Busy
            | Refusal::Deadline
            | Refusal::Failed
            | Refusal::HeadersTooLarge { .. }
            | Refusal::NoHost
            | Refusal::NoPath
            | Refusal::TargetTooLong { .. }
            | Refusal::TooManyHeaders { .. } => self.to_string(),
        }
    }

    /// The values of `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11): the limit that was
    /// met, and when there is more of it.
    #[must_use]
    pub fn rate_limit(&self) -> Option<(String, String)> {
        let seconds = self.retry_after_seconds()?;
        let (limit, policy) = self.limit()?;
        Some((format!("\"{limit}\";{policy}"), format!("\"{limit}\";r=0;t={seconds}")))
    }

    /// The limit of a plan that was met, and how much it allows.
    fn limit(&self) -> Option<(&'static str, String)> {
        match self {
            Refusal::LimitExceeded { quota, window, .. } => {
                Some(("quota", format!("q={};w={}", quota.requests, window.as_secs())))
            }
            Refusal::TooManyRequests { plan, .. } => {
                Some(("rate", format!("q={};w=1", plan.rate_per_second)))
            }
            Refusal::BodyBroken
            | Refusal::BodyEncoded { .. }
            | Refusal::BodySlow
            | Refusal::BodyTooLarge { .. }
            | Refusal::Busy
            | Refusal::Deadline
            | Refusal::Failed
            | Refusal::Forbidden
            | Refusal::HeadersTooLarge { .. }
            | Refusal::NoHost
            | Refusal::NoPath
            | Refusal::TargetTooLong { .. }
            | Refusal::TooManyHeaders { .. }
            | Refusal::Uncounted { .. } => None,
        }
    }

    /// Whether the component was at work: what it was to store may be stored.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Refusal::Deadline | Refusal::Failed)
    }
}

/// Rounded up, so that who comes back then is let in.
fn whole_seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

/// How close refusals are to those of API Gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Parity {
    /// With what helps a client beside it: when to repeat, and the members of a problem.
    Friendly,
    /// The same bodies to the byte, where it has such a refusal, and no header more.
    Strict,
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
