//! The bounds of a request's head.
//!
//! What is over these bounds is refused in words. A head of more than 64 KiB, and one that is no HTTP, never gets here:
//! hyper answers 431 or 400 itself, without a body.

use hyper::http::request::Parts;

use super::Refusal;

/// Refuses a target or headers that are over their bounds, and a target that is no path (`OPTIONS *`, `CONNECT`).
pub(super) fn check(parts: &Parts) -> Result<(), Refusal> {
    if !parts.uri.path().starts_with('/') {
        return Err(Refusal::NoPath);
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

/// The most bytes of path and query: what RFC 9110, section 4.1, asks every server to take at least.
const TARGET_BYTES: usize = 8000;
/// The most bytes of all names and values.
const HEADER_BYTES: usize = 16 * 1024;
