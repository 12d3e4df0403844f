//! Which pages of other origins may call this host from a browser (Fetch standard, "CORS protocol").
//!
//! A browser asks first, without the key, whether the page may send the request that it wants to send. That question is
//! answered here and goes no further. Every other answer says whether the page may read it, refusals of the host too.
//! Cookies play no part in it: a key is what opens the door, and a page has to have one.
//!
//! Written here, since the library that does it (tower-http) is for services of tower, which this host has none of.

use std::fmt;
use std::str::FromStr;

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderName,
    HeaderValue, ORIGIN, VARY,
};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Method};

/// The origins whose pages may ask; none unless an operator names them.
#[derive(Debug, Clone, Default)]
pub struct Cors {
    origins: Vec<Origin>,
}

/// An origin as browsers write it, or all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Every page may ask.
    Any,
    /// Scheme, host and port.
    One(String),
}

impl Cors {
    /// Lets pages of these origins ask.
    #[must_use]
    pub fn of(origins: Vec<Origin>) -> Cors {
        Cors { origins }
    }

    /// Whether a browser asks here if it may send a request, and may.
    #[must_use]
    pub fn is_preflight(&self, parts: &Parts) -> bool {
        parts.method == Method::OPTIONS
            && parts.headers.contains_key(ORIGIN)
            && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
            && self.allowed(&parts.headers).is_some()
    }

    /// What an answer says to the page that asked with these headers.
    #[must_use]
    pub fn answer(&self, asked: &HeaderMap) -> Option<HeaderMap> {
        if self.origins.is_empty() {
            return None;
        }
        let mut headers = HeaderMap::new();
        // Else a cache between might give one origin the answer to another.
        if !self.origins.contains(&Origin::Any) {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = self.allowed(asked) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
        }
        Some(headers)
    }

    /// What the answer to a preflight says beside that.
    #[must_use]
    pub fn preflight() -> [(HeaderName, HeaderValue); 3] {
        [
            (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS)),
            (ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS)),
            (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_SECONDS)),
        ]
    }

    /// The value of `Access-Control-Allow-Origin`, if the origin that asked is one of those that may.
    fn allowed(&self, asked: &HeaderMap) -> Option<HeaderValue> {
        // To all alike, since a cache may keep the answer to one that names no origin for one that does.
        if self.origins.contains(&Origin::Any) {
            return Some(HeaderValue::from_static("*"));
        }
        let mut asking = asked.get_all(ORIGIN).iter();
        let (Some(asking), None) = (asking.next(), asking.next()) else { return None };
        let is_listed =
            |origin: &Origin| matches!(origin, Origin::One(one) if one.as_bytes() == asking.as_bytes());
        self.origins.iter().any(is_listed).then(|| asking.clone())
    }
}

impl FromStr for Origin {
    type Err = String;

    /// Takes what browsers send and nothing that they never do: such an origin would be listed and let nobody in.
    fn from_str(text: &str) -> Result<Origin, String> {
        if text == "*" {
            return Ok(Origin::Any);
        }
        let form = "not an origin; write a scheme, a host and, if there is one, a port, for example \
                    https://app.example.net, or * for every page";
        if text.len() > ORIGIN_BYTES {
            return Err(format!("longer than {ORIGIN_BYTES} bytes"));
        }
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err("has capital letters; browsers send an origin in lower case".to_owned());
        }
        let (scheme, rest) = text.split_once("://").ok_or(form)?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if rest.contains(['/', '?', '#']) {
            return Err(
                "has a path, a query or a slash at the end; an origin ends with the host or the port"
                    .to_owned(),
            );
        }
        let authority: Authority = rest.parse().map_err(|_| form)?;
        if !is_scheme || !is_host(authority.host()) {
            return Err(form.to_owned());
        }
        let port = rest.strip_prefix(authority.host()).ok_or(form)?;
        match (scheme, port) {
            ("http", ":80") | ("https", ":443") => {
                Err(format!("has the port that {scheme} has anyway; browsers leave it out"))
            }
            (_, "") => Ok(Origin::One(text.to_owned())),
            (_, port) if is_port(port) => Ok(Origin::One(text.to_owned())),
            (_, _) => Err("has no port from 1 to 65535 behind the colon".to_owned()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Any => f.write_str("*"),
            Origin::One(origin) => f.write_str(origin),
        }
    }
}

/// A name in ASCII, as browsers send others too, or an address.
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => {
            address.parse::<std::net::Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == address)
        }
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    }
}

/// A colon and a port as browsers write it: no zero in front.
fn is_port(text: &str) -> bool {
    let port = text.strip_prefix(':').and_then(|port| port.parse::<u16>().ok()).filter(|port| *port > 0);
    port.is_some_and(|port| text == format!(":{port}"))
}

/// Longer than any name of a host with its scheme and port.
const ORIGIN_BYTES: usize = 300;

/// What a component may answer to. A browser asks for GET, HEAD and some POST without a preflight.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";

/// What this host or a component reads of a request.
const REQUEST_HEADERS: &str =
    "accept, content-type, idempotency-key, if-match, if-none-match, prefer, traceparent, x-api-key";

/// What a page may read of an answer beside what it always may.
const EXPOSED_HEADERS: &str = "Accept-Encoding, Accept-Patch, Accept-Post, Allow, ETag, Link, Location, RateLimit, \
                               RateLimit-Policy, Retry-After, x-amzn-ErrorType, x-amzn-RequestId";

/// As long as any browser remembers the answer to a preflight. It is the same for all who may ask.
const MAX_AGE_SECONDS: &str = "7200";

#[cfg(test)]
mod tests;
