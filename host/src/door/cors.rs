//! Which web pages may call this host from a browser (Fetch standard, "CORS protocol").
//!
//! Before a browser sends a request for a page of another origin, it sends a preflight request without the key. This module
//! answers the preflight request, which goes no further. Every other answer, including a refusal, has headers that state
//! whether the page may read it. Cookies are never allowed, because a page needs a key.
//!
//! tower-http has CORS too, but only for tower services, and this host does not use tower.

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

/// The origins whose pages may call the host. Without settings there are none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cors {
    origins: Vec<Origin>,
}

/// An origin in the form that browsers send, or all origins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// All origins.
    Any,
    /// One origin: scheme, host and port.
    One(String),
}

impl Cors {
    /// Allows pages of these origins to call the host.
    pub(crate) fn of(origins: Vec<Origin>) -> Cors {
        Cors { origins }
    }

    /// Whether the request is a preflight request of an allowed origin.
    pub(crate) fn is_preflight(&self, parts: &Parts) -> bool {
        parts.method == Method::OPTIONS
            && parts.headers.contains_key(ORIGIN)
            && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
            && self.allowed(&parts.headers).is_some()
    }

    /// Returns the headers that an answer needs for the page that sent these request headers.
    pub(crate) fn answer(&self, asked: &HeaderMap) -> Option<HeaderMap> {
        if self.origins.is_empty() {
            return None;
        }
        let mut headers = HeaderMap::new();
        // Without this header, a cache might give one origin the answer for another.
        if !self.origins.contains(&Origin::Any) {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = self.allowed(asked) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
        }
        Some(headers)
    }

    /// Whether messages of agents are accepted from the page that sends these headers, if a page sends them. A page of this
    /// machine may send them. The host of the request proves nothing: a page can have its own name resolve to this machine.
    pub(crate) fn may_send_messages(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => true,
            (Some(origin), None) => self.allowed(headers).is_some() || is_this_machine(origin),
            (Some(_), Some(_)) => false,
        }
    }

    /// The headers that only the answer to a preflight request has.
    pub(crate) fn preflight() -> [(HeaderName, HeaderValue); 3] {
        [
            (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS)),
            (ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS)),
            (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_SECONDS)),
        ]
    }

    /// Returns the value of `Access-Control-Allow-Origin` if the origin of the request is allowed.
    fn allowed(&self, asked: &HeaderMap) -> Option<HeaderValue> {
        // Also without an origin, because a cache may reuse such an answer for a request with an origin.
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

fn is_this_machine(origin: &HeaderValue) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    let host = origin.split_once("://").and_then(|(_, rest)| rest.parse::<Authority>().ok());
    host.is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host.host()))
}

impl FromStr for Origin {
    type Err = String;

    /// Rejects an origin that no browser sends: it would never match.
    fn from_str(text: &str) -> Result<Origin, String> {
        if text == "*" {
            return Ok(Origin::Any);
        }
        let form = "not an origin; write a scheme, a host and, if there is one, a port, for example \
                    https://app.example.net, or * for every page";
        if text.len() > ORIGIN_BYTES {
            return Err(format!("longer than {ORIGIN_BYTES} bytes, which no origin is"));
        }
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err("has capital letters; write it in lower case, as browsers do".to_owned());
        }
        let (scheme, rest) = text.split_once("://").ok_or(form)?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if rest.contains(['/', '?', '#']) {
            return Err(
                "has a path, a query or a slash at the end; end it with the host or the port".to_owned()
            );
        }
        let authority: Authority = rest.parse().map_err(|_| form)?;
        if !is_scheme || !is_host(authority.host()) {
            return Err(form.to_owned());
        }
        let port = rest.strip_prefix(authority.host()).ok_or(form)?;
        match (scheme, port) {
            ("http", ":80") | ("https", ":443") => {
                Err(format!("has the default port of {scheme}; leave it out, as browsers do"))
            }
            (_, "") => Ok(Origin::One(text.to_owned())),
            (_, port) if is_port(port) => Ok(Origin::One(text.to_owned())),
            (_, _) => Err("has no port from 1 to 65535 after the colon".to_owned()),
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

/// Whether the text is a name in ASCII or an address. Browsers send other names in ASCII too.
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

/// Whether the text is a colon and a port without leading zeros.
fn is_port(text: &str) -> bool {
    let port = text.strip_prefix(':').and_then(|port| port.parse::<u16>().ok()).filter(|port| *port > 0);
    port.is_some_and(|port| text == format!(":{port}"))
}

/// The most bytes of an origin. A host name has at most 253.
const ORIGIN_BYTES: usize = 300;

/// The methods of a component. For GET, HEAD and some POST requests, a browser sends no preflight request.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";

/// The request headers that the host or a component reads.
const REQUEST_HEADERS: &str = "accept, authorization, content-type, idempotency-key, if-match, if-none-match, mcp-method, \
                               mcp-name, mcp-protocol-version, prefer, traceparent, x-api-key";

/// The headers of an answer that a page may read, in addition to those that it may always read.
const EXPOSED_HEADERS: &str = "Accept-Encoding, Accept-Patch, Accept-Post, Allow, ETag, Link, Location, RateLimit, \
                               RateLimit-Policy, Retry-After, x-amzn-ErrorType, x-amzn-RequestId";

/// How long a browser may remember the answer to a preflight request. No browser remembers it for longer.
const MAX_AGE_SECONDS: &str = "7200";

#[cfg(test)]
mod tests;
