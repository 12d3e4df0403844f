//! Observes one call of the store, from its beginning to its outcome.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::Telemetry;
use super::spans::CallSpan;

/// The calls of `wit/key-value.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words of the interface, which documents them")]
pub enum Verb {
    Get,
    Insert,
    Query,
    Update,
}

impl Verb {
    /// The label in metrics and spans.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::Insert => "insert",
            Verb::Query => "query",
            Verb::Update => "update",
        }
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The bytes in the store are damaged.
    Corrupt,
    /// The request ended before the call. A write may be done or not.
    Cut,
    /// The write was done, or the item was read.
    Done,
    /// The list already has an entry with this id.
    Duplicate,
    /// There already is an item with this key.
    Exists,
    /// The item or the list has no room.
    Full,
    /// The call exceeds a limit of the interface, or its cursor is malformed.
    Invalid,
    /// The store is not set up for this call, and will not be until an operator has acted.
    Misconfigured,
    /// There is no such item.
    Missing,
    /// The item is in a state that forbids the change.
    Refused,
    /// The same change was done before.
    Repeated,
    /// Another writer changed the item first.
    Stale,
    /// The store has no capacity at the moment.
    Throttled,
    /// A single value or item is over the store's limit.
    TooLarge,
    /// The store cannot be reached or does not work.
    Unavailable,
    /// It is unknown whether a write was done.
    Unknown,
}

impl Outcome {
    /// The label in metrics and spans.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Corrupt => "corrupt",
            Outcome::Cut => "cut",
            Outcome::Done => "done",
            Outcome::Duplicate => "duplicate",
            Outcome::Exists => "exists",
            Outcome::Full => "full",
            Outcome::Invalid => "invalid",
            Outcome::Misconfigured => "misconfigured",
            Outcome::Missing => "missing",
            Outcome::Refused => "refused",
            Outcome::Repeated => "repeated",
            Outcome::Stale => "stale",
            Outcome::Throttled => "throttled",
            Outcome::TooLarge => "too_large",
            Outcome::Unavailable => "unavailable",
            Outcome::Unknown => "unknown",
        }
    }

    /// Whether the call failed because of the store and not because of the request.
    pub(super) fn is_failure(self) -> bool {
        matches!(
            self,
            Outcome::Corrupt
                | Outcome::Cut
                | Outcome::Invalid
                | Outcome::Misconfigured
                | Outcome::Throttled
                | Outcome::Unavailable
                | Outcome::Unknown
        )
    }
}

/// Observes a call that has no outcome yet. If this is dropped before the outcome, the call counts as cut: the host ends a
/// guest that waits for the store by dropping its call.
pub struct StoreCallWatch<'a> {
    telemetry: &'a Telemetry,
    verb: Verb,
    begun: Instant,
    outcome: Outcome,
    span: CallSpan,
}

impl Telemetry {
    /// Begins to observe a call of the store.
    #[must_use]
    pub fn store_call(&self, verb: Verb) -> StoreCallWatch<'_> {
        let (begun, span) = (Instant::now(), self.spans.call(verb));
        StoreCallWatch { telemetry: self, verb, begun, outcome: Outcome::Cut, span }
    }
}

impl StoreCallWatch<'_> {
    /// Records the outcome.
    pub fn ended(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for StoreCallWatch<'_> {
    fn drop(&mut self) {
        self.telemetry.metrics.store_called(self.verb, self.outcome, self.begun.elapsed().as_secs_f64());
        self.span.end(self.outcome);
    }
}
