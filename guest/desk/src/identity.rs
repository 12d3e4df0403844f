//! Names of tickets, comments and changes: made up, or derived from an idempotency key so that a repeat arrives at
//! the same names.

use alloc::string::{String, ToString};
use core::fmt::{self, Write};

use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Builder;

use crate::env::Random;

/// The id of a ticket: a UUID in lower case with hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(crate) struct TicketId(String);

impl TicketId {
    /// Nothing but the one form that ids are given out in, so that every ticket has one path.
    pub(crate) fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let bytes: &[u8; 36] = text.as_bytes().try_into().ok()?;
        let hyphens = [8, 13, 18, 23].iter().all(|at| bytes.get(*at) == Some(&b'-'));
        // Counted without leaving off at the first other one: without a loop, that is, for a compiler.
        let digits = bytes.iter().filter(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).count();
        (hyphens && digits == 32).then_some(Self(text))
    }

    /// The id of a new ticket.
    pub(crate) fn new(key: Option<&IdempotencyKey>, random: &dyn Random) -> Self {
        Self(match key {
            Some(key) => derived_uuid("ticket", &[&key.client, &key.key]),
            None => random_uuid(random),
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a comment: a UUID, or whatever another program stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct CommentId(String);

impl CommentId {
    /// The id of a new comment on a ticket.
    pub(crate) fn new(key: Option<&IdempotencyKey>, ticket: &TicketId, random: &dyn Random) -> Self {
        Self(match key {
            Some(key) => derived_uuid("comment", &[&key.client, ticket.as_str(), &key.key]),
            None => random_uuid(random),
        })
    }

    pub(crate) fn stored(id: String) -> Self {
        Self(id)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a client names a request by that it may have to repeat.
#[derive(Debug)]
pub(crate) struct IdempotencyKey {
    /// Whose key it is: equal keys of two clients have nothing to do with each other.
    client: String,
    key: String,
}

impl IdempotencyKey {
    /// A key of 1 to 255 visible ASCII characters.
    pub(crate) fn parse(client: Option<&str>, key: &str) -> Option<Self> {
        let valid = (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        valid.then(|| Self { client: client.unwrap_or_default().into(), key: key.into() })
    }
}

/// The name of the change that opens a ticket. Under a key it is made from what the ticket says: the same name
/// again is a repeat, another one is a key used twice. Without a key nobody else opens a ticket of this id.
pub(crate) fn opening_id(key: Option<&IdempotencyKey>, says: &[&str], ticket: &TicketId) -> String {
    match key {
        Some(_) => {
            digest("opening", says).iter().fold(String::new(), |mut hex, byte| {
                // Writing to a string cannot fail.
                let _ = write!(hex, "{byte:02x}");
                hex
            })
        }
        None => ticket.as_str().into(),
    }
}

/// The name of a change that nobody repeats but the store itself.
pub(crate) fn change_id(random: &dyn Random) -> String {
    random_uuid(random)
}

fn random_uuid(random: &dyn Random) -> String {
    Builder::from_random_bytes(random.bytes()).into_uuid().to_string()
}

fn derived_uuid(purpose: &str, parts: &[&str]) -> String {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest(purpose, parts)).for_each(|(to, from)| *to = from);
    Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// Every part goes in behind its length, so that no two lists of parts look the same.
fn digest(purpose: &str, parts: &[&str]) -> [u8; 32] {
    let mut sha = Sha256::new();
    for part in [ENCODING, purpose].iter().chain(parts) {
        sha.update((part.len() as u64).to_le_bytes());
        sha.update(part);
    }
    sha.finalize().into()
}

/// Names the encoding that is digested. Another encoding needs another name: ids of today must stay what they are.
const ENCODING: &str = "portdesk/1";

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Random for Fixed {
        fn bytes(&self) -> [u8; 16] {
            [0xff; 16]
        }
    }

    fn ticket_id(client: Option<&str>, key: &str) -> TicketId {
        TicketId::new(IdempotencyKey::parse(client, key).as_ref(), &Fixed)
    }

    /// Clients rely on it across versions of the desk: a change of these ids breaks replays.
    #[test]
    fn ids_under_a_key_never_change() {
        expect_test::expect!["bb2e48c2-bafa-8848-a618-ad8e455d3106"]
            .assert_eq(ticket_id(Some("agent"), "k-1").as_str());
        expect_test::expect!["1c2bb455-30d5-8eba-addd-436a3998bb48"]
            .assert_eq(ticket_id(None, "k-1").as_str());
        let key = IdempotencyKey::parse(Some("agent"), "k-1");
        let comment = CommentId::new(key.as_ref(), &ticket_id(Some("agent"), "k-1"), &Fixed);
        expect_test::expect!["7109f3c1-a2cf-8f6c-9b4a-25f0677a6d1b"].assert_eq(comment.as_str());
    }

    #[test]
    fn where_one_part_ends_makes_a_difference() {
        assert_ne!(ticket_id(Some("ab"), "c"), ticket_id(Some("a"), "bc"));
        assert_ne!(ticket_id(Some("ab"), "c"), ticket_id(None, "abc"));
    }

    #[test]
    fn ids_without_a_key_are_random_and_well_formed() {
        let id = TicketId::new(None, &Fixed);
        assert_eq!(id.as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(TicketId::parse(id.as_str()), Some(id));
    }

    #[test]
    fn a_ticket_id_has_one_form_only() {
        for other in [
            "",
            "7",
            "FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF",
            "ffffffffffff4fffbfffffffffffffff",
            "{ffffffff-ffff-4fff-bfff-ffffffffffff}",
            "urn:uuid:ffffffff-ffff-4fff-bfff-ffffffffffff",
        ] {
            assert_eq!(TicketId::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_key_is_1_to_255_visible_characters() {
        let longest = "k".repeat(255);
        assert!(IdempotencyKey::parse(None, &longest).is_some());
        for bad in ["", "a b", "a\u{7f}", "ä", &"k".repeat(256)] {
            assert!(IdempotencyKey::parse(None, bad).is_none(), "{bad}");
        }
    }
}
