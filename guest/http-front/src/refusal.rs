//! What the front answers in place of the component: the same bytes as the host of this project.

use alloc::format;
use alloc::vec::Vec;

use crate::Answer;

/// Why the component is not asked, or its answer not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The body broke off.
    BodyBroken,
    /// The body is over its bound.
    BodyTooLarge,
    /// The component's answer is no HTTP.
    Failed,
    /// The platform did not say who calls, though it is to.
    Forbidden,
    /// The headers together are over their bound.
    HeadersTooLarge,
    /// The target is an authority or `*`, which name nothing here.
    NoPath,
    /// Path and query together are over their bound.
    TargetTooLong,
}

impl Refusal {
    pub(crate) fn answer(self) -> Answer {
        let (status, error_type, message) = self.parts();
        let headers = [("content-type", "application/json"), ("x-amzn-errortype", error_type)];
        Answer {
            status,
            headers: headers.map(|(name, value)| (name.into(), value.into())).to_vec(),
            body: Vec::from(format!("{{\"message\":\"{message}\"}}")),
        }
    }

    fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Refusal::BodyBroken => {
                (400, "BadRequestException", "The request body is incomplete or malformed")
            }
            Refusal::BodyTooLarge => {
                (413, "RequestTooLargeException", "The request body is larger than 65536 bytes")
            }
            Refusal::Failed => (500, "InternalServerErrorException", "Internal server error"),
            Refusal::Forbidden => (403, "ForbiddenException", "Forbidden"),
            Refusal::HeadersTooLarge => {
                (431, "RequestTooLargeException", "The request headers are larger than 16384 bytes")
            }
            Refusal::NoPath => (400, "BadRequestException", "The request target is no path"),
            Refusal::TargetTooLong => {
                (414, "RequestTooLargeException", "The request target is longer than 8000 bytes")
            }
        }
    }
}
