//! The bounds of a request's head.
//!
//! What is over these bounds is refused in words. A head that is larger by far, and one that is no HTTP, never gets
//! here: hyper answers 431 or 400 itself, without a body and without a request id, and the server logs it.

use hyper::http::request::Parts;

use super::Refusal;

/// The most that a head may have.
#[derive(Debug, Clone, Copy)]
pub struct HeadBounds {
    /// The most bytes of path and query. RFC 9110, section 4.1, asks every server to take 8000 at least.
    pub target_bytes: usize,
    /// The most bytes of all names and values.
    pub header_bytes: usize,
}

impl HeadBounds {
    /// The most bytes of a head that are worth reading: what is over its bounds by less than this is refused in words.
    #[must_use]
    pub fn read_bytes(&self) -> usize {
        self.target_bytes + self.header_bytes + BEYOND_BYTES
    }
}

/// Refuses a target or headers that are over their bounds, and a target that is no path (`OPTIONS *`, `CONNECT`).
pub(super) fn check(parts: &Parts, bounds: HeadBounds) -> Result<(), Refusal> {
    if !parts.uri.path().starts_with('/') {
        return Err(Refusal::NoPath);
    }
    let query_bytes = parts.uri.query().map_or(0, |query| query.len() + 1);
    if parts.uri.path().len() + query_bytes > bounds.target_bytes {
        return Err(Refusal::TargetTooLong { limit_bytes: bounds.target_bytes });
    }
    let header_bytes: usize =
        parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes > bounds.header_bytes {
        return Err(Refusal::HeadersTooLarge { limit_bytes: bounds.header_bytes });
    }
    Ok(())
}

const BEYOND_BYTES: usize = 16 * 1024;
