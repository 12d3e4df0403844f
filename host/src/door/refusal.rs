//! The answers of the host in place of the component's.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;

use super::{Plan, Quota};
use crate::sandbox::HandleError;

/// Why the host answers in place of the component.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The body ended early, or its framing is invalid.
    #[error("The request body is incomplete or malformed")]
    BodyBroken,
    /// A header states a content coding of the body.
    #[error("The content coding {coding} is not supported; send the body without Content-Encoding")]
    BodyEncoded {
        /// The coding, safe to quote.
        coding: String,
    },
    /// The body was not complete by the deadline.
    #[error("The request body did not arrive in time")]
    BodySlow,
    /// The body exceeds its limit.
    #[error("The request body is larger than {limit_bytes} bytes")]
    BodyTooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// Too many requests are in flight. The component was not called.
    #[error("Service Unavailable")]
    Busy,
    /// The component did not answer by the deadline.
    #[error("Endpoint request timed out")]
    Deadline,
    /// The component failed. The log has the reason.
    #[error("Internal server error")]
    Failed,
    /// The key is missing, unknown or revoked. The answer does not tell these apart.
    #[error("Forbidden")]
    Forbidden,
    /// All headers together exceed their limit.
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
        /// The length of its period.
        window: Duration,
        /// The time until the next period begins.
        retry_after: Duration,
    },
    /// The header `Host` is missing, repeated or malformed, or differs from the request target.
    #[error("The request must name one host")]
    NoHost,
    /// The target is `*` or an authority and not a path.
    #[error("The request target is not a path")]
    NoPath,
    /// Path and query together exceed their limit.
    #[error("The request target is longer than {limit_bytes} bytes")]
    TargetTooLong {
        /// The limit.
        limit_bytes: usize,
    },
    /// The token bucket of the client is empty.
    #[error("Too Many Requests")]
    TooManyRequests {
        /// The plan of the client.
        plan: Arc<Plan>,
        /// The time until there is a token.
        retry_after: Duration,
    },
    /// There are too many headers.
    #[error("The request has more than {limit} headers")]
    TooManyHeaders {
        /// The limit.
        limit: usize,
    },
    /// The request cannot be counted against the quota. The component was not called.
    #[error("Service Unavailable")]
    Uncounted {
        /// Whether counting fails until an operator acts.
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

    /// The `x-amzn-ErrorType` that API Gateway has for such a refusal.
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

    /// The label in metrics and in the log.
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

    /// The value of `Retry-After`, if repeating the request helps.
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

    /// The problem type (RFC 9457).
    #[must_use]
    pub fn problem_type(&self) -> String {
        let exceeded = |(limit, _)| format!("urn:portdesk:problem:{limit}-exceeded");
        self.limit().map_or_else(|| "about:blank".to_owned(), exceeded)
    }

    /// What happened and what to do, which the messages of API Gateway do not say.
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
                 an operator must act first."
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

    /// The values of `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11) if a limit of a plan was
    /// reached.
    #[must_use]
    pub fn rate_limit(&self) -> Option<(String, String)> {
        let seconds = self.retry_after_seconds()?;
        let (limit, policy) = self.limit()?;
        Some((format!("\"{limit}\";{policy}"), format!("\"{limit}\";r=0;t={seconds}")))
    }

    /// The name and the policy of the limit of a plan that was reached.
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

    /// Whether the component may have stored something.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Refusal::Deadline | Refusal::Failed)
    }
}

/// Rounds up, so that a request after that time is admitted.
fn whole_seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

/// How closely refusals resemble those of API Gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Parity {
    /// In addition, refusals have the members of a problem (RFC 9457) and headers that state when to repeat.
    Friendly,
    /// Refusals have exactly the body and the headers of API Gateway.
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
