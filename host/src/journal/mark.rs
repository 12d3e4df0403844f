//! A mark: something that changed the world between two calls.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::call::text_bytes;
use super::message::{ALLOCATION_BYTES, ARC_BYTES};
use crate::clock;

/// What changes a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
    #[serde(skip)]
    details_bytes: usize,
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
    /// Applies the limits. The ring sets `n`.
    pub(super) fn into_mark(self) -> Mark {
        let length = self.details.to_string().len();
        let details = if length > DETAILS_LIMIT_BYTES { Value::Null } else { self.details };
        Mark {
            n: 0,
            at: clock::now().unwrap_or_default(),
            space_at: self.space_at,
            space: self.space,
            kind: self.kind,
            text: self.text.chars().take(TEXT_LIMIT_CHARS).collect::<String>().into(),
            details_bytes: value_bytes(&details),
            details,
        }
    }
}

impl Mark {
    /// The bytes that this mark holds in memory, estimated.
    pub(super) fn bytes(&self) -> usize {
        let own = size_of::<Mark>() + ARC_BYTES + ALLOCATION_BYTES;
        own + text_bytes(&self.text) + self.details_bytes
    }
}

/// The bytes on the heap behind a value, estimated.
fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text_bytes(text),
        Value::Array(values) => {
            let behind: usize = values.iter().map(value_bytes).sum();
            behind + values.capacity() * size_of::<Value>() + ALLOCATION_BYTES
        }
        Value::Object(members) => {
            let behind: usize =
                members.iter().map(|(name, value)| text_bytes(name) + value_bytes(value)).sum();
            behind + members.len().div_ceil(NODE_MEMBERS) * NODE_BYTES
        }
    }
}

/// A line of the console.
const TEXT_LIMIT_CHARS: usize = 200;
/// More than 64 rules of faults with all their members.
const DETAILS_LIMIT_BYTES: usize = 16 * 1024;
/// The memory of a node of the map behind a JSON object: room for 11 members. A node may be little more than half full.
const NODE_BYTES: usize = 11 * (size_of::<String>() + size_of::<Value>()) + ALLOCATION_BYTES;
const NODE_MEMBERS: usize = 6;
