//! A mark: something that changed the world between two calls.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::record::{Moment, encoded};
use crate::clock;

/// What changes a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// The space was emptied. Checks look only at later calls.
    Reset,
    /// The space got the contents of a snapshot. Checks look only at later calls.
    Restored,
    /// The clock of the space was set or moved.
    Clock,
    /// The rules of faults changed.
    Faults,
    /// A scenario ran.
    Scenario,
    /// The space was made.
    Made,
    /// The space was dropped.
    Dropped,
}

/// What is to be marked.
#[derive(Debug, Clone)]
pub struct NewMark {
    /// The space, or `None` for the whole host.
    pub space: Option<Arc<str>>,
    /// The time of the space.
    pub space_at: Option<Timestamp>,
    /// What happened.
    pub kind: MarkKind,
    /// A short sentence for people. The journal keeps the first 200 characters.
    pub text: String,
    /// Details for programs. The journal keeps at most 16 KiB of JSON, and `null` in place of more.
    pub details: Value,
}

/// A mark in the journal.
#[derive(Debug, Clone, Serialize)]
pub struct Mark {
    /// The number of the mark, which it shares with calls.
    pub n: u64,
    /// When it happened, by the clock of the machine.
    pub at: Timestamp,
    /// When it happened, by the clock of the space.
    pub space_at: Option<Timestamp>,
    /// The space, or `None` for the whole host.
    pub space: Option<Arc<str>>,
    /// What happened.
    pub kind: MarkKind,
    /// A short sentence for people.
    pub text: Box<str>,
    /// Details for programs.
    pub details: Value,
}

/// What the ring keeps of a mark.
#[derive(Debug, Serialize, Deserialize)]
struct Form<'a> {
    at: Moment,
    space_at: Option<Moment>,
    kind: MarkKind,
    text: &'a str,
    /// JSON.
    details: &'a str,
}

impl MarkKind {
    /// Whether a new world begins here, which earlier calls do not belong to.
    pub(super) fn begins_world(self) -> bool {
        match self {
            MarkKind::Reset | MarkKind::Restored | MarkKind::Made => true,
            MarkKind::Clock | MarkKind::Faults | MarkKind::Scenario | MarkKind::Dropped => false,
        }
    }
}

impl NewMark {
    /// Applies the limits and encodes what the ring keeps.
    pub(super) fn encode(&self) -> Vec<u8> {
        let details = self.details.to_string();
        let end = self.text.char_indices().nth(TEXT_LIMIT_CHARS).map_or(self.text.len(), |(end, _)| end);
        encoded(
            &Form {
                at: Moment::of(clock::now().unwrap_or_default()),
                space_at: self.space_at.map(Moment::of),
                kind: self.kind,
                text: self.text.get(..end).unwrap_or_default(),
                details: if details.len() > DETAILS_LIMIT_BYTES { "null" } else { &details },
            },
            details.len().min(DETAILS_LIMIT_BYTES) + end + 32,
        )
    }
}

impl Mark {
    /// Decodes what [`NewMark::encode`] encoded.
    pub(super) fn decode(n: u64, space: Option<Arc<str>>, bytes: &[u8]) -> Option<Mark> {
        let Form { at, space_at, kind, text, details } = postcard::from_bytes(bytes).ok()?;
        let (at, space_at) = (at.timestamp(), space_at.map(Moment::timestamp));
        let details = serde_json::from_str(details).ok()?;
        Some(Mark { n, at, space_at, space, kind, text: text.into(), details })
    }
}

/// A line of the console.
const TEXT_LIMIT_CHARS: usize = 200;
/// More than 64 rules of faults with all their members.
const DETAILS_LIMIT_BYTES: usize = 16 * 1024;
