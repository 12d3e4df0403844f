//! Reads the client from the header in which the platform names the client.

use alloc::string::String;
use alloc::vec::Vec;

use crate::Refusal;

/// Returns the value of the header that names the client, or `None` if no such header is configured.
///
/// If a header is configured, the platform sets it once in every request. A request without it, or with two of them,
/// did not pass the part of the platform that sets the header, and is refused.
pub(crate) fn of(headers: &[(String, Vec<u8>)], name: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(name) = name else { return Ok(None) };
    let mut values = headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    let (Some((_, value)), None) = (values.next(), values.next()) else { return Err(Refusal::Forbidden) };
    match core::str::from_utf8(value) {
        Ok(value) if (1..=CLIENT_BYTES).contains(&value.len()) => Ok(Some(value.into())),
        Ok(_) | Err(_) => Err(Refusal::Forbidden),
    }
}

/// The greatest length of a client's name in bytes. Names of applications are not longer.
const CLIENT_BYTES: usize = 256;
