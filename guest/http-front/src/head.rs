//! Checks the target and the headers of a request, and selects the headers for the component. The limits are the same
//! as in the host.

use alloc::string::String;
use alloc::vec::Vec;

use crate::{BODY_BYTES, Headers, Refusal};

/// Refuses a target that is not a path, and a target or headers above their limits.
pub(crate) fn check(path: &str, query: Option<&str>, headers: &[(String, Vec<u8>)]) -> Result<(), Refusal> {
    if !path.starts_with('/') {
        return Err(Refusal::NoPath);
    }
    if path.len() + query.map_or(0, |query| query.len() + 1) > TARGET_BYTES {
        return Err(Refusal::TargetTooLong);
    }
    let header_bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if header_bytes > HEADER_BYTES { Err(Refusal::HeadersTooLarge) } else { Ok(()) }
}

/// Refuses a body if a header declares a content coding, as the host does.
pub(crate) fn check_coding(headers: &[(String, Vec<u8>)]) -> Result<(), Refusal> {
    let lists = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-encoding"));
    let lists = lists.map(|(_, list)| String::from_utf8_lossy(list));
    match lists.flat_map(|list| list.split(',').filter_map(coding).collect::<Vec<_>>()).next() {
        Some(coding) => Err(Refusal::BodyEncoded { coding }),
        None => Ok(()),
    }
}

/// Returns the name of the coding in one member of the header, or `None` if the member is empty or `identity`. Characters
/// that no name of a coding has become `?`.
fn coding(member: &str) -> Option<String> {
    let name = member.trim();
    let is_none = name.is_empty() || name.eq_ignore_ascii_case("identity");
    let shown = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '?' };
    (!is_none).then(|| name.chars().take(CODING_CHARACTERS).map(shown).collect())
}

/// Returns the largest number of bytes to read of a body. If `content-length` is above the limit, the front refuses the
/// request before it reads any byte.
pub(crate) fn body_bytes(headers: &[(String, Vec<u8>)]) -> Result<usize, Refusal> {
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| core::str::from_utf8(value).ok()?.trim().parse::<u64>().ok());
    if length.is_some_and(|length| length > BODY_BYTES as u64) {
        return Err(Refusal::BodyTooLarge);
    }
    Ok(BODY_BYTES)
}

/// Returns the headers that `wit/handler.wit` lets a component see. No header is dropped because of its value: if a
/// malformed `idempotency-key` were dropped, the component would treat the request as one without a key.
pub(crate) fn passed(headers: &[(String, Vec<u8>)]) -> Headers {
    let lower = headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let passed = lower.filter(|(name, _)| PASSED_HEADERS.contains(&name.as_str()));
    passed.map(|(name, value)| (name, String::from_utf8_lossy(value).into_owned())).collect()
}

const PASSED_HEADERS: [&str; 6] =
    ["accept", "content-type", "idempotency-key", "if-match", "if-none-match", "prefer"];
/// The greatest number of characters of a coding's name that a refusal shows. The longest registered name has 17.
const CODING_CHARACTERS: usize = 32;
/// The greatest length of path and query in bytes. RFC 9110, section 4.1, recommends that servers accept this length.
const TARGET_BYTES: usize = 8000;
/// The greatest length of all names and values of headers in bytes.
const HEADER_BYTES: usize = 16 * 1024;
