//! Cursors. A cursor is a position in an index, as text that a client may keep.
//!
//! A cursor contains the position and a digest of position, index and value. The digest detects a cursor that was changed
//! or belongs to another query. It needs no secret: a client that forges a cursor only reaches another position in a list
//! that it may read anyway, because index and value always come from the query.

use alloc::string::String;

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use crate::Position;

/// Makes the cursor for `position` in the list of `value` in `index`.
#[must_use]
pub fn write(position: &Position, index: &str, value: &str) -> String {
    let mut bytes = digest(position, index, value).to_vec();
    for part in [&position.order, &position.key] {
        bytes.extend(u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    Base64UrlUnpadded::encode_string(&bytes)
}

/// Reads the position of a cursor. Returns `None` if the text is not a cursor of this list.
#[must_use]
pub fn read(cursor: &str, index: &str, value: &str) -> Option<Position> {
    if cursor.len() > CURSOR_BYTES {
        return None;
    }
    let bytes = Base64UrlUnpadded::decode_vec(cursor).ok()?;
    let (found, rest) = bytes.split_at_checked(DIGEST_BYTES)?;
    let (order, rest) = part(rest)?;
    let (key, rest) = part(rest)?;
    let position = Position { order, key };
    let genuine = rest.is_empty() && found == digest(&position, index, value);
    genuine.then_some(position)
}

fn part(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (part, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((String::from_utf8(part.to_vec()).ok()?, rest))
}

fn digest(position: &Position, index: &str, value: &str) -> [u8; DIGEST_BYTES] {
    let mut hash = Sha256::new();
    for part in [FORMAT, index, value, &position.order, &position.key] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut digest = [0; DIGEST_BYTES];
    for (to, from) in digest.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    digest
}

/// The name of the format. It is part of the digest, so that a cursor of another format is refused too.
const FORMAT: &str = "portdesk cursor 1";
/// 96 bits: enough that no change by accident passes.
const DIGEST_BYTES: usize = 12;
/// The longest text that `read` decodes. `write` makes shorter ones, from an order value of at most 1,024 bytes and a key
/// of at most 128.
const CURSOR_BYTES: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    fn position() -> Position {
        Position { order: "2026-11-22T14:00:00.000000Z".into(), key: "k-1".into() }
    }

    #[test]
    fn a_cursor_reads_back_in_its_own_list() {
        let cursor = write(&position(), "ByOwner", "alice");
        assert_eq!(read(&cursor, "ByOwner", "alice"), Some(position()));
    }

    #[test]
    fn a_cursor_is_refused_in_another_list() {
        let cursor = write(&position(), "ByOwner", "alice");
        assert_eq!(read(&cursor, "ByOwner", "bob"), None);
        assert_eq!(read(&cursor, "ByState", "alice"), None);
    }

    #[test]
    fn a_cursor_with_any_character_changed_is_refused() {
        let cursor = write(&position(), "ByOwner", "alice");
        for at in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(read(&forged, "ByOwner", "alice"), None, "changed at {at}");
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in ["", "x", "////", "AAAA", &"A".repeat(5000)] {
            assert_eq!(read(text, "ByOwner", "alice"), None);
        }
    }
}
