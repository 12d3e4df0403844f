//! The bounds of a request's head.
//!
//! What is over these bounds is refused in words. A head of more than 64 KiB, and one that is no HTTP, never gets here:
//! hyper answers 431 or 400 itself, without a body.

use hyper::Version;
use hyper::header::HOST;
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

use super::Refusal;

/// Refuses a target or headers that are over their bounds, a target that is no path (`OPTIONS *`, `CONNECT`), and a
/// request that is not for one host.
pub(super) fn check(parts: &Parts) -> Result<(), Refusal> {
    if !parts.uri.path().starts_with('/') {
        return Err(Refusal::NoPath);
    }
    if !names_one_host(parts) {
        return Err(Refusal::NoHost);
    }
    let query_bytes = parts.uri.query().map_or(0, |query| query.len() + 1);
    if parts.uri.path().len() + query_bytes > TARGET_BYTES {
        return Err(Refusal::TargetTooLong { limit_bytes: TARGET_BYTES });
    }
    let header_bytes: usize =
        parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes > HEADER_BYTES {
        return Err(Refusal::HeadersTooLarge { limit_bytes: HEADER_BYTES });
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

/// The most bytes of path and query: what RFC 9110, section 4.1, asks every server to take at least.
const TARGET_BYTES: usize = 8000;
/// The most bytes of all names and values.
const HEADER_BYTES: usize = 16 * 1024;
