//! The answers that the front gives in place of the component. They have the same bytes as the answers of this
//! project's host with default settings.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::Answer;

/// Why the front does not call the component, or does not send the component's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The body ended before it was complete.
    BodyBroken,
    /// The headers declare a content coding of the body.
    BodyEncoded {
        /// The beginning of the coding's name. It has no characters that JSON would have to escape.
        coding: String,
    },
    /// The body is larger than its limit.
    BodyTooLarge,
    /// The component's answer is not valid in HTTP.
    Failed,
    /// The platform did not name the client although it is configured to do so.
    Forbidden,
    /// The headers together are larger than their limit.
    HeadersTooLarge,
    /// The target is an authority or `*` and not a path.
    NoPath,
    /// Path and query together are longer than their limit.
    TargetTooLong,
}

impl Refusal {
    /// Makes the answer. If a write failed in the component, the answer states that the outcome is unknown, because the
    /// component may have stored the write.
    pub(crate) fn answer(&self, method: &str) -> Answer {
        let (status, error_type, message) = self.parts();
        let (title, detail) =
            (title(status), if *self == Refusal::Forbidden { NO_CLIENT } else { &*message });
        let is_write = !matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE");
        let outcome = if *self == Refusal::Failed && is_write { ",\"outcome\":\"unknown\"" } else { "" };
        let accepted = matches!(self, Refusal::BodyEncoded { .. }).then_some(("accept-encoding", "identity"));
        let headers = [("content-type", "application/json"), ("x-amzn-errortype", error_type)];
        let headers = headers.into_iter().chain(accepted);
        Answer {
            status,
            headers: headers.map(|(name, value)| (name.into(), value.into())).collect(),
            body: Vec::from(format!(
                "{{\"message\":\"{message}\",\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{status},\
                 \"detail\":\"{detail}\"{outcome}}}"
            )),
        }
    }

    fn parts(&self) -> (u16, &'static str, Cow<'static, str>) {
        let (status, error_type, message) = match self {
            Refusal::BodyEncoded { coding } => {
                let message = format!(
                    "The content coding {coding} is not supported; send the body without Content-Encoding"
                );
                return (415, "BadRequestException", message.into());
            }
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
            Refusal::NoPath => (400, "BadRequestException", "The request target is not a path"),
            Refusal::TargetTooLong => {
                (414, "RequestTooLargeException", "The request target is longer than 8000 bytes")
            }
        };
        (status, error_type, message.into())
    }
}

/// The reason phrase of a status (RFC 9110, section 15).
fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        403 => "Forbidden",
        413 => "Payload Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        431 => "Request Header Fields Too Large",
        _ => "Internal Server Error",
    }
}

/// What an operator has to configure in the platform.
const NO_CLIENT: &str =
    "The platform must name the client exactly once, in the header that PORTDESK_CLIENT_HEADER names.";
