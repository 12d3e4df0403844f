//! Turns the component's answer into the answer that the front sends: without headers of the connection, and as HTTP
//! requires.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::Refusal;

/// The names and values of headers.
pub type Headers = Vec<(String, String)>;

/// An answer of a component.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status, 200 to 599. Any other value is a defect of the component.
    pub status: u16,
    /// The names and values of the headers.
    pub headers: Headers,
    /// The body that a `GET` would get.
    pub body: Vec<u8>,
}

/// An answer that the front sends.
#[derive(Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The HTTP status, 200 to 599.
    pub status: u16,
    /// The names and values of the headers; HTTP allows all of them.
    pub headers: Headers,
    /// The body; none if HTTP forbids a body: for `HEAD`, and with status 204 or 304.
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

/// Whether the byte may be in the name of a header (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether the byte may be in the value of a header (RFC 9110, section 5.5).
fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// Headers that describe how a connection carries the answer; a component does not handle connections. The host's list
/// does not have `keep-alive` and the headers that begin with `proxy-`, but platforms refuse to send them.
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
