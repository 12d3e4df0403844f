//! Values as parts of the path and the query of a request.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A value as one segment of a path. A segment of dots alone would name another path for a proxy.
pub(crate) fn encode_segment(value: &str) -> String {
    let encoded = encode_query(value);
    if encoded.bytes().all(|byte| byte == b'.') { encoded.replace('.', "%2E") } else { encoded }
}

/// A name or a value of a query.
pub(crate) fn encode_query(value: &str) -> String {
    utf8_percent_encode(value, KEPT).to_string()
}

/// All characters that RFC 3986 does not reserve stay as they are.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
