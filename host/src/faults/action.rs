//! What a rule does at a station, before and after the dice have decided it for one request.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::dice::Rolls;

/// The longest time in a rule. A delayed request keeps its place among those that the host serves at once.
pub const DELAY_LIMIT_MS: u64 = 60_000;

/// The largest piece of an answer that is sent slowly.
pub const DRIP_LIMIT_BYTES: u64 = 65_536;

/// Where a fault is injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Station {
    /// Before the component is called. Nothing was stored.
    Door,
    /// At a call of the store.
    Store,
    /// After the component has answered. A write of the request is done.
    Answer,
    /// At the readiness check, and only there.
    Ready,
}

/// What to do with a request. In a rule, a [`Delay`] and a [`Stored`] stand for what the dice decide for each request.
#[derive(Debug, Clone, PartialEq)]
pub enum Action<D = Duration, S = bool> {
    /// At [`Station::Door`].
    Door(DoorAction<D>),
    /// At [`Station::Store`].
    Store(StoreAction<D, S>),
    /// At [`Station::Answer`].
    Answer(AnswerAction<D>),
    /// The readiness check fails.
    Red,
}

/// What to do in place of calling the component, or before it.
#[derive(Debug, Clone, PartialEq)]
pub enum DoorAction<D = Duration> {
    /// Wait, and then go on.
    Delay(D),
    /// Answer as the host itself refuses.
    Refuse(RefusedAs),
    /// Answer with this status, from 200 to 599. Without a body, the answer is empty.
    Status {
        /// The status.
        status: u16,
        /// The body. A status that has no content has none.
        body: Option<Body>,
    },
}

/// The refusals of the host that a rule can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the refusals of the door, which documents them")]
pub enum RefusedAs {
    Forbidden,
    TooManyRequests,
    LimitExceeded,
    Busy,
    Deadline,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Value", untagged)]
pub enum Body {
    /// Plain text.
    Text(String),
    /// Any other JSON value, which is sent as JSON.
    Json(Value),
}

/// What to do with a call of the store.
#[derive(Debug, Clone, PartialEq)]
pub enum StoreAction<D = Duration, S = bool> {
    /// Fail as a store whose data is damaged. Do not call the store.
    Corrupt,
    /// Wait, and then call the store.
    Delay(D),
    /// Leave the items out of a list that were made within this time. It applies to queries only.
    Lag(Duration),
    /// Fail as an overloaded store. Do not call the store.
    Throttled {
        /// When the store says that the call can be repeated, if it says so.
        retry_after: Option<Duration>,
    },
    /// Fail as a store that cannot be reached. Do not call the store.
    Unavailable,
    /// Fail as a write of unknown outcome. It applies to writes only.
    Unknown {
        /// Whether to call the store before.
        stored: S,
    },
}

/// What to do with the answer of the component.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerAction<D = Duration> {
    /// Wait, and then send the answer.
    Delay(D),
    /// Send the answer in pieces. The sender must bound the whole time, because a large answer has many pieces.
    Dripped {
        /// The size of a piece, from 1 to [`DRIP_LIMIT_BYTES`].
        bytes: u32,
        /// The time between two pieces.
        pause: Duration,
    },
    /// Send nothing, and end the connection, or the stream of HTTP/2, with a reset.
    Lost,
    /// Send an answer of this status instead: 500, 502 or 504.
    Replaced {
        /// The status.
        status: u16,
    },
    /// Announce the whole length of the body and end the connection or the stream after half of the body.
    Truncated,
}

/// A time that is the same for each request, or random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    pub(super) least_ms: u64,
    pub(super) most_ms: u64,
}

/// Whether a write of unknown outcome is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// For each write.
    Always,
    /// For no write.
    Never,
    /// For half of the writes.
    Either,
}

impl Station {
    /// The word in rules.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Station::Door => "door",
            Station::Store => "store",
            Station::Answer => "answer",
            Station::Ready => "ready",
        }
    }
}

impl<D, S> Action<D, S> {
    /// The station that the action belongs to.
    #[must_use]
    pub fn station(&self) -> Station {
        match self {
            Action::Door(_) => Station::Door,
            Action::Store(_) => Station::Store,
            Action::Answer(_) => Station::Answer,
            Action::Red => Station::Ready,
        }
    }

    /// The word for the action in rules, such as `lost`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Action::Door(DoorAction::Refuse(_)) => "refuse",
            Action::Door(DoorAction::Status { .. }) => "status",
            Action::Door(DoorAction::Delay(_))
            | Action::Store(StoreAction::Delay(_))
            | Action::Answer(AnswerAction::Delay(_)) => "delay_ms",
            Action::Store(StoreAction::Lag(_)) => "lag_ms",
            Action::Store(StoreAction::Throttled { .. }) => "throttled",
            Action::Store(StoreAction::Unavailable) => "unavailable",
            Action::Store(StoreAction::Corrupt) => "corrupt",
            Action::Store(StoreAction::Unknown { .. }) => "unknown",
            Action::Answer(AnswerAction::Lost) => "lost",
            Action::Answer(AnswerAction::Truncated) => "truncated",
            Action::Answer(AnswerAction::Dripped { .. }) => "dripped",
            Action::Answer(AnswerAction::Replaced { .. }) => "replaced",
            Action::Red => "red",
        }
    }
}

impl Action<Delay, Stored> {
    /// The action for one request.
    pub(super) fn decided(&self, rolls: &Rolls<'_>) -> Action {
        match self {
            Action::Door(DoorAction::Delay(delay)) => Action::Door(DoorAction::Delay(delay.decided(rolls))),
            Action::Door(DoorAction::Refuse(refusal)) => Action::Door(DoorAction::Refuse(*refusal)),
            Action::Door(DoorAction::Status { status, body }) => {
                Action::Door(DoorAction::Status { status: *status, body: body.clone() })
            }
            Action::Store(action) => Action::Store(match action {
                StoreAction::Corrupt => StoreAction::Corrupt,
                StoreAction::Delay(delay) => StoreAction::Delay(delay.decided(rolls)),
                StoreAction::Lag(lag) => StoreAction::Lag(*lag),
                StoreAction::Throttled { retry_after } => {
                    StoreAction::Throttled { retry_after: *retry_after }
                }
                StoreAction::Unavailable => StoreAction::Unavailable,
                StoreAction::Unknown { stored } => StoreAction::Unknown { stored: stored.decided(rolls) },
            }),
            Action::Answer(action) => Action::Answer(match *action {
                AnswerAction::Delay(delay) => AnswerAction::Delay(delay.decided(rolls)),
                AnswerAction::Dripped { bytes, pause } => AnswerAction::Dripped { bytes, pause },
                AnswerAction::Lost => AnswerAction::Lost,
                AnswerAction::Replaced { status } => AnswerAction::Replaced { status },
                AnswerAction::Truncated => AnswerAction::Truncated,
            }),
            Action::Red => Action::Red,
        }
    }
}

impl From<Value> for Body {
    fn from(value: Value) -> Body {
        match value {
            Value::String(text) => Body::Text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Body::Json(value)
            }
        }
    }
}

impl Body {
    /// The bytes to send.
    #[must_use]
    pub fn into_text(self) -> String {
        match self {
            Body::Text(text) => text,
            Body::Json(value) => value.to_string(),
        }
    }

    /// The value of `Content-Type`.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        match self {
            Body::Text(_) => "text/plain; charset=utf-8",
            Body::Json(_) => "application/json",
        }
    }
}

impl Delay {
    fn decided(self, rolls: &Rolls<'_>) -> Duration {
        Duration::from_millis(rolls.delay_ms(self.least_ms, self.most_ms))
    }
}

impl Stored {
    fn decided(self, rolls: &Rolls<'_>) -> bool {
        match self {
            Stored::Always => true,
            Stored::Never => false,
            Stored::Either => rolls.stored(),
        }
    }
}
