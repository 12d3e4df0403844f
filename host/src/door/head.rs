//! The limits of a request's head.
//!
//! What is over these limits is refused in words. A head that is larger by far, one of HTTP/1 with more than 100 headers,
//! and one that is no HTTP never get here: hyper answers 431 or 400 itself, without a body and without a request id, and the
//! server logs it.

use hyper::Version;
use hyper::header::HOST;
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

use super::Refusal;

/// The most that a head may have.
#[derive(Debug, Clone, Copy)]
pub struct HeadLimits {
    /// The most bytes of path and query. RFC 9110, section 4.1, asks every server to take 8000 at least.
    pub target_bytes: usize,
    /// The most bytes of all names and values.
    pub header_bytes: usize,
}

impl HeadLimits {
    /// The most bytes of a head that are worth reading: what is over its limits by less than this is refused in words.
    #[must_use]
    pub fn read_bytes(&self) -> usize {
        self.target_bytes + self.header_bytes + BEYOND_BYTES
    }
}

/// Refuses a target or headers that are over their limits, a target that is no path (`OPTIONS *`, `CONNECT`), and a
/// request that is not for one host.
pub(super) fn check(parts: &Parts, limits: HeadLimits) -> Result<(), Refusal> {
    if !parts.uri.path().starts_with('/') {
        return Err(Refusal::NoPath);
    }
    if !names_one_host(parts) {
        return Err(Refusal::NoHost);
    }
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

/// The attack: a proxy goes by one of two hosts, and what stands behind it by the other. This host serves all alike,
/// but is not to be the one of them that lets it pass. RFC 9112, section 3.2.
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

/// A name or an address, and a port where there is one; no user.
fn is_host(authority: &Authority) -> bool {
    let port = authority.as_str().strip_prefix(authority.host());
    port.is_some_and(|port| port.is_empty() || authority.port_u16().is_some())
}

const BEYOND_BYTES: usize = 16 * 1024;

/// As many as hyper reads of an HTTP/1 request: for more it would allocate half a MiB for every head. There it answers a
/// request with more by a bare 431; over HTTP/2 it has no such limit.
const HEADERS: usize = 100;

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    #[test]
    fn more_headers_than_hyper_reads_are_refused_in_whatever_version_they_come() {
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
