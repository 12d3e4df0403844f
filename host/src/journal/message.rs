//! What the journal keeps of the headers and the body of a request or an answer.

use std::str;

use data_encoding::BASE64;
use hyper::HeaderMap;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde::{Deserialize, Serialize as DeriveSerialize};

/// The headers and the body of a request or an answer.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Message {
    /// The headers of the allowlist, in the order of arrival.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Body,
}

/// A header of the allowlist.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Header {
    /// The name in lower case.
    pub name: &'static str,
    /// The value. Bytes that are not UTF-8 are replaced.
    pub value: Box<str>,
}

/// The beginning of a body. It serializes as `{"text", "length", "truncated"}` if it is UTF-8, and with `base64` in place
/// of `text` otherwise.
#[derive(Debug, Clone, Default)]
pub struct Body {
    kept: Box<[u8]>,
    length: usize,
}

/// What the ring keeps of a message beside its body.
#[derive(Debug, DeriveSerialize, Deserialize)]
pub(super) struct Envelope<'a> {
    /// The headers of the allowlist, in the order of arrival.
    #[serde(borrow)]
    headers: Vec<KeptHeader<'a>>,
    /// The bytes of the body that are kept.
    pub(super) kept: usize,
    /// The bytes of the whole body.
    length: usize,
}

/// A header of the allowlist, by its place there.
#[derive(Debug, DeriveSerialize, Deserialize)]
struct KeptHeader<'a> {
    name: u8,
    #[serde(serialize_with = "as_bytes")]
    value: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// The envelope of a message with this body.
    pub(super) fn new(headers: &'a HeaderMap, body: &[u8]) -> Envelope<'a> {
        let kept = headers.iter().filter_map(|(name, value)| {
            let name = ALLOWED.iter().position(|allowed| *allowed == name.as_str())?;
            Some(KeptHeader { name: u8::try_from(name).ok()?, value: value.as_bytes() })
        });
        let mut headers = Vec::with_capacity(headers.len());
        headers.extend(kept);
        Envelope { headers, kept: kept_part(body).len(), length: body.len() }
    }

    /// About as many bytes as it has in the ring.
    pub(super) fn bytes(&self) -> usize {
        self.headers.iter().map(|header| header.value.len() + 4).sum::<usize>() + 8
    }

    /// The message with the kept part of its body.
    pub(super) fn opened(&self, body: &[u8]) -> Message {
        let headers = self.headers.iter().filter_map(|KeptHeader { name, value }| {
            let name = ALLOWED.get(usize::from(*name))?;
            Some(Header { name, value: String::from_utf8_lossy(value).into() })
        });
        Message { headers: headers.collect(), body: Body { kept: body.into(), length: self.length } }
    }
}

/// The part of a body that the journal keeps.
pub(super) fn kept_part(body: &[u8]) -> &[u8] {
    body.get(..BODY_LIMIT_BYTES).unwrap_or(body)
}

fn as_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

impl Message {
    /// The value of the first header with this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name == name).map(|header| &*header.value)
    }
}

impl Body {
    /// The bytes that were kept.
    #[must_use]
    pub fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// The length of the whole body in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Whether the end of the body was not kept.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.length > self.kept.len()
    }

    /// The kept bytes as text, or `None` if they are not UTF-8. A character that the limit cut in two is left out.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match str::from_utf8(&self.kept) {
            Ok(text) => Some(text),
            Err(error) if self.is_truncated() && error.error_len().is_none() => {
                self.kept.get(..error.valid_up_to()).and_then(|valid| str::from_utf8(valid).ok())
            }
            Err(_) => None,
        }
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("Body", 3)?;
        match self.text() {
            Some(text) => body.serialize_field("text", text)?,
            None => body.serialize_field("base64", &BASE64.encode(&self.kept))?,
        }
        body.serialize_field("length", &self.length)?;
        body.serialize_field("truncated", &self.is_truncated())?;
        body.end()
    }
}

/// The headers that a component sees, and those that explain an answer. It is a list of what is kept and not of what is
/// left out, so that a header with a credential that nobody has heard of yet stays out. An `idempotency-key` is not a
/// credential: it gives no access, and without it nobody understands a repeated write.
const ALLOWED: [&str; 18] = [
    "accept",
    "allow",
    "content-length",
    "content-type",
    "etag",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "location",
    "prefer",
    "ratelimit",
    "ratelimit-limit",
    "ratelimit-policy",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "user-agent",
    "x-amzn-errortype",
];

/// The most bytes of one body. It is the limit of a request's body unless the host is configured otherwise.
pub(super) const BODY_LIMIT_BYTES: usize = 64 * 1024;
#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use serde_json::json;

    use super::*;

    fn kept(headers: &HeaderMap, body: &[u8]) -> Message {
        Envelope::new(headers, body).opened(kept_part(body))
    }

    fn of(body: &[u8]) -> Body {
        kept(&HeaderMap::new(), body).body
    }

    fn shown(body: &[u8]) -> serde_json::Value {
        serde_json::to_value(of(body)).unwrap()
    }

    #[test]
    fn a_body_is_text_if_it_is_utf_8_and_base64_otherwise() {
        assert_eq!(shown("ü".as_bytes()), json!({"text": "ü", "length": 2, "truncated": false}));
        assert_eq!(shown(&[0xff, 0]), json!({"base64": "/wA=", "length": 2, "truncated": false}));
        assert_eq!(shown(b""), json!({"text": "", "length": 0, "truncated": false}));
        assert_eq!(of(&[b'a', 0xc3]).text(), None, "a whole body that ends within a character is not text");
    }

    #[test]
    fn a_long_body_is_cut_at_a_character() {
        let long = format!("{}ü{}", "a".repeat(BODY_LIMIT_BYTES - 1), "b".repeat(10));
        let body = of(long.as_bytes());
        assert!(body.is_truncated());
        assert_eq!((body.kept().len(), body.length()), (BODY_LIMIT_BYTES, BODY_LIMIT_BYTES + 11));
        assert_eq!(body.text().map(str::len), Some(BODY_LIMIT_BYTES - 1));
        assert!(!of(&vec![b'a'; BODY_LIMIT_BYTES]).is_truncated(), "at the limit");
    }

    #[test]
    fn only_headers_of_the_allowlist_are_kept() {
        let mut headers = HeaderMap::new();
        for name in ["x-api-key", "authorization", "cookie", "set-cookie", "proxy-authorization", "etag"] {
            headers.append(name, HeaderValue::from_static("value"));
        }
        let kept = kept(&headers, b"");
        assert_eq!(kept.headers, [Header { name: "etag", value: "value".into() }]);
        assert_eq!(kept.header("etag"), Some("value"));
    }
}
