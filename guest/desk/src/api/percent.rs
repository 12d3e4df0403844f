//! Percent-encoding (RFC 3986). The decoder is strict: it refuses every text that is not well-formed.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// Decodes a text once. Returns `None` if two hexadecimal digits do not follow a `%`, or if the bytes are not UTF-8.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { digit(rest.next()?)? << 4 | digit(rest.next()?)? } else { byte });
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Encodes all characters except the unreserved ones.
pub(crate) fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;
    use alloc::string::String;

    use proptest::prelude::*;

    use super::{decode, encode};

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for bad in ["%", "%4", "%zz", "%+1", "%ff", "%C3%28", "a%"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn text_is_decoded_once() {
        assert_eq!(decode("%2541").as_deref(), Some("%41"));
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded_to_the_same(text in any::<String>()) {
            let encoded = encode(&text);
            prop_assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
            prop_assert_eq!(decode(&encoded).map(Cow::into_owned), Some(text));
        }
    }
}
