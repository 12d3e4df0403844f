//! Makes the ids of tickets, comments and changes. An id is random, or it is derived from an idempotency key, so that a
//! repeated request gets the same id. The check of a ticket id is hand-made, because the parser of the crate `uuid` accepts
//! several forms of one id.

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
    /// Accepts only the form in which the desk makes ids, so that every ticket has exactly one path.
    pub(crate) fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let bytes: &[u8; 36] = text.as_bytes().try_into().ok()?;
        let hyphens = [8, 13, 18, 23].iter().all(|at| bytes.get(*at) == Some(&b'-'));
        // `count` does not stop at the first other byte, unlike `all`, so that the compiler can avoid a loop.
        let digits = bytes.iter().filter(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).count();
        (hyphens && digits == 32).then_some(Self(text))
    }

    /// Makes the id of a new ticket.
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

/// The id of a comment: a UUID, or any text that another program stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct CommentId(String);

impl CommentId {
    /// Makes the id of a new comment on a ticket.
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

/// The idempotency key of a request: a client sends the same key if it repeats the request.
#[derive(Debug)]
pub(crate) struct IdempotencyKey {
    /// The client that sent the key. Equal keys of two clients are different keys.
    client: String,
    key: String,
}

impl IdempotencyKey {
    /// Accepts a key of 1 to 255 visible ASCII characters.
    pub(crate) fn parse(client: Option<&str>, key: &str) -> Option<Self> {
        let valid = (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        valid.then(|| Self { client: client.unwrap_or_default().into(), key: key.into() })
    }
}

/// Makes the change id of the insert that opens a ticket. With a key, the id is a digest of the content of the ticket
/// (`says`): a second insert with the same id is a repeat, and one with another id uses the key for another ticket.
/// Without a key, the id of the ticket is random, so no other request inserts a ticket with this id.
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

/// Makes a random change id, for a change that only the store itself repeats.
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

/// Computes a digest of all parts. Each part has its length in front, so that two different lists of parts never give the
/// same input.
fn digest(purpose: &str, parts: &[&str]) -> [u8; 32] {
    let mut sha = Sha256::new();
    for part in [ENCODING, purpose].iter().chain(parts) {
        sha.update((part.len() as u64).to_le_bytes());
        sha.update(part);
    }
    sha.finalize().into()
}

/// The name of the input's encoding. A new encoding needs a new name, because existing ids must never change.
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

    /// If these ids change in a new version of the desk, clients cannot repeat their earlier requests.
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
