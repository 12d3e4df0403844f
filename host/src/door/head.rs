//! The limits of a request's head.
//!
//! A head that exceeds these limits gets a refusal with a message. A head that is much larger, an HTTP/1 head with more than
//! 100 headers, and a head that is not valid HTTP never reach this check: hyper answers 431 or 400 without a body and
//! without a request id, and `entry::http::protocol` logs that.

use hyper::Version;
use hyper::header::HOST;
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

use super::Refusal;

/// The limits of a head.
#[derive(Debug, Clone, Copy)]
pub struct HeadLimits {
    /// The most bytes of path and query. RFC 9110, section 4.1, recommends at least 8000.
    pub target_bytes: usize,
    /// The most bytes of all header names and values together.
    pub header_bytes: usize,
}

impl HeadLimits {
    /// How many bytes of a head hyper reads. A head above the limits but below this number gets a refusal with a message.
    #[must_use]
    pub fn read_bytes(&self) -> usize {
        self.target_bytes + self.header_bytes + BEYOND_BYTES
    }
}

/// Refuses a target or headers above their limits, a target that is not a path (`OPTIONS *`, `CONNECT`), and a request that
/// does not name exactly one host.
pub(super) fn check(parts: &Parts, limits: HeadLimits) -> Result<(), Refusal> {
    if !parts.uri.path().starts_with('/') {
        return Err(Refusal::NoPath);
    }
    if !names_one_host(parts) {
        return Err(Refusal::NoHost);
    }
    check_size(parts, limits)
}

/// Refuses a target or headers above their limits.
pub(super) fn check_size(parts: &Parts, limits: HeadLimits) -> Result<(), Refusal> {
    let query_bytes = parts.uri.query().map_or(0, |query| query.len() + 1);
    if parts.uri.path().len() + query_bytes > limits.target_bytes {
        return Err(Refusal::TargetTooLong { limit_bytes: limits.target_bytes });
    }
    if parts.headers.len() > HEADERS {
        return Err(Refusal::TooManyHeaders { limit: HEADERS });
    }
    let header_bytes: usize =
        parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes > limits.header_bytes {
        return Err(Refusal::HeadersTooLarge { limit_bytes: limits.header_bytes });
    }
    Ok(())
}

/// The attack: a request names two hosts, and a proxy obeys one of them and a server behind the proxy the other. This host
/// treats all names alike, but it must not pass such a request on (RFC 9112, section 3.2).
fn names_one_host(parts: &Parts) -> bool {
    let target = parts.uri.authority();
    let mut hosts = parts.headers.get_all(HOST).iter();
    let named = match (hosts.next(), hosts.next()) {
        (None, _) => parts.version != Version::HTTP_11,
        (Some(host), None) if host.is_empty() => target.is_none(),
        (Some(host), None) => Authority::try_from(host.as_bytes())
            .is_ok_and(|host| is_host(&host) && target.is_none_or(|target| *target == host)),
        (Some(_), Some(_)) => false,
    };
    named && target.is_none_or(is_host)
}

/// Whether the authority is a name or an address, with or without a port, and without a user.
fn is_host(authority: &Authority) -> bool {
    let port = authority.as_str().strip_prefix(authority.host());
    port.is_some_and(|port| port.is_empty() || authority.port_u16().is_some())
}

/// By how many bytes a head may exceed its limits and still get a refusal with a message.
const BEYOND_BYTES: usize = 16 * 1024;

/// The most headers. hyper has the same limit for HTTP/1, where it answers 431 without a body, and no limit for HTTP/2. A
/// higher limit would make hyper allocate half a MiB for every HTTP/1 head.
const HEADERS: usize = 100;

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    #[test]
    fn http_2_has_the_same_limit_of_headers_as_http_1() {
        let limits = HeadLimits { target_bytes: 8000, header_bytes: 16_384 };
        for (headers, refused) in
            [(HEADERS, None), (HEADERS + 1, Some(Refusal::TooManyHeaders { limit: HEADERS }))]
        {
            let mut request = Request::get("http://a/").version(Version::HTTP_2);
            for number in 0..headers {
                request = request.header(format!("x-{number}"), "1");
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(check(&parts, limits).err(), refused, "{headers}");
        }
    }
}
