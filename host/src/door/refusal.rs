//! What the host itself answers when the component is not asked, or does not answer.

use std::time::Duration;

use hyper::StatusCode;

use crate::sandbox::Failure;

/// Why the host answers in place of the component.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The body broke off, or is not what its headers say.
    #[error("The request body is incomplete or malformed")]
    BodyBroken,
    /// The body did not arrive by the deadline.
    #[error("The request body did not arrive in time")]
    BodySlow,
    /// The body is over its bound.
    #[error("The request body is larger than {limit_bytes} bytes")]
    BodyTooLarge {
        /// The bound.
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
    /// The headers together are over their bound.
    #[error("The request headers are larger than {limit_bytes} bytes")]
    HeadersTooLarge {
        /// The bound.
        limit_bytes: usize,
    },
    /// The target is an authority or `*`, which name nothing here.
    #[error("The request target is no path")]
    NoPath,
    /// The path and query together are over their bound.
    #[error("The request target is longer than {limit_bytes} bytes")]
    TargetTooLong {
        /// The bound.
        limit_bytes: usize,
    },
    /// The key's bucket is empty.
    #[error("Too Many Requests")]
    TooManyRequests {
        /// When there will be a token.
        retry_after: Duration,
    },
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::BodyBroken | Refusal::NoPath => StatusCode::BAD_REQUEST,
            Refusal::BodySlow => StatusCode::REQUEST_TIMEOUT,
            Refusal::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Deadline => StatusCode::GATEWAY_TIMEOUT,
            Refusal::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            Refusal::Forbidden => StatusCode::FORBIDDEN,
            Refusal::HeadersTooLarge { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Refusal::TargetTooLong { .. } => StatusCode::URI_TOO_LONG,
            Refusal::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// The `x-amzn-ErrorType` that API Gateway would give.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self {
            Refusal::BodyBroken | Refusal::BodySlow | Refusal::NoPath => "BadRequestException",
            Refusal::BodyTooLarge { .. }
            | Refusal::HeadersTooLarge { .. }
            | Refusal::TargetTooLong { .. } => "RequestTooLargeException",
            Refusal::Busy => "ServiceUnavailableException",
            Refusal::Deadline | Refusal::Failed => "InternalServerErrorException",
            Refusal::Forbidden => "ForbiddenException",
            Refusal::TooManyRequests { .. } => "TooManyRequestsException",
        }
    }

    /// After how many seconds to try again, where that helps.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Refusal::Busy => Some(1),
            Refusal::TooManyRequests { retry_after } => Some(retry_after.as_secs().saturating_add(1)),
            Refusal::BodyBroken
            | Refusal::BodySlow
            | Refusal::BodyTooLarge { .. }
            | Refusal::Deadline
            | Refusal::Failed
            | Refusal::Forbidden
            | Refusal::HeadersTooLarge { .. }
            | Refusal::NoPath
            | Refusal::TargetTooLong { .. } => None,
        }
    }

    /// Whether the component was at work: what it was to store may be stored.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Refusal::Deadline | Refusal::Failed)
    }
}

impl From<&Failure> for Refusal {
    fn from(failure: &Failure) -> Refusal {
        match failure {
            Failure::Busy => Refusal::Busy,
            Failure::Deadline => Refusal::Deadline,
            Failure::Answer(_) | Failure::Memory(_) | Failure::Trap(_) => Refusal::Failed,
        }
    }
}
