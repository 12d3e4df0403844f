//! The answer: the component's, without what belongs to a connection, and with what HTTP asks for.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::Refusal;

/// Names and values.
pub type Headers = Vec<(String, String)>;

/// An answer as a component gives it.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// 200 to 599; anything else is a defect of the component.
    pub status: u16,
    /// Names and values.
    pub headers: Headers,
    /// As it would follow a `GET`.
    pub body: Vec<u8>,
}

/// An answer as it goes out.
#[derive(Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// 200 to 599.
    pub status: u16,
    /// Names and values that HTTP allows.
    pub headers: Headers,
    /// None where HTTP forbids one: to `HEAD`, and under 204 and 304.
    pub body: Option<Vec<u8>>,
}

impl Answer {
    pub(crate) fn outgoing(self, method: &str, request_id: &str) -> Outgoing {
        let Answer { status, mut headers, body } =
            if self.is_http() { self } else { Refusal::Failed.answer(method) };
        headers.retain(|(name, _)| !OF_THE_CONNECTION.iter().any(|own| name.eq_ignore_ascii_case(own)));
        headers.push(("x-amzn-requestid".into(), request_id.into()));
        let is_head = method == "HEAD";
        let empty = matches!(status, 204 | 304);
        if !empty {
            headers.push(("content-length".into(), body.len().to_string()));
        }
        Outgoing { status, headers, body: (!is_head && !empty).then_some(body) }
    }

    fn is_http(&self) -> bool {
        let is_header = |(name, value): &(String, String)| {
            !name.is_empty() && name.bytes().all(is_token) && value.bytes().all(is_text)
        };
        (200..600).contains(&self.status) && self.headers.iter().all(is_header)
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 9110, section 5.5.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// Headers that say how a connection carries the answer; a component knows no connection. `keep-alive` and the
/// `proxy-` ones are not in the host's list, but platforms refuse to send them.
const OF_THE_CONNECTION: [&str; 11] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
