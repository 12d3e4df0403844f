//! Who calls, as the platform says it.

use alloc::string::String;
use alloc::vec::Vec;

use crate::Refusal;

/// The value of the header that names the client; none where no header was configured.
///
/// Where one was, a request without it, and one with two, did not come through what sets it, and is refused.
pub(crate) fn of(headers: &[(String, Vec<u8>)], name: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(name) = name else { return Ok(None) };
    let mut values = headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    let (Some((_, value)), None) = (values.next(), values.next()) else { return Err(Refusal::Forbidden) };
    match core::str::from_utf8(value) {
        Ok(value) if (1..=CLIENT_BYTES).contains(&value.len()) => Ok(Some(value.into())),
        Ok(_) | Err(_) => Err(Refusal::Forbidden),
    }
}

/// The most bytes of a client: no name of an application is longer.
const CLIENT_BYTES: usize = 256;
