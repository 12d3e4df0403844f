//! A call: one request and its answer, with what happened between them.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::message::Message;
use crate::telemetry::{Outcome, Verb};

/// One request and its answer. It serializes as JSON for the console; times are RFC 3339, durations whole microseconds.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// The number of the call. It grows with each call or mark that begins.
    pub n: u64,
    /// Whether the call has ended.
    pub state: CallState,
    /// When the call began, by the clock of the machine.
    pub at: Timestamp,
    /// When the call began, by the clock of its space.
    pub space_at: Option<Timestamp>,
    /// The name of the space.
    pub space: Arc<str>,
    /// The way in.
    pub via: Via,
    /// The id that the answer and the log have.
    pub request_id: Box<str>,
    /// The operationId in the contract.
    pub operation: Option<Box<str>>,
    /// The method as the client sent it.
    pub method: Box<str>,
    /// The path, percent-encoded, without the query.
    pub path: Box<str>,
    /// The query, percent-encoded, without the `?`.
    pub query: Option<Box<str>>,
    /// The label of the key.
    pub client: Option<Box<str>>,
    /// The status of the answer. `None` while the call is open, and if nobody answered.
    pub status: Option<u16>,
    /// Why the host answered in place of the component.
    pub refusal: Option<Box<str>>,
    /// Who is to blame for a failure.
    pub failed_by: Option<FailedBy>,
    /// The faults that were injected.
    pub faults: Vec<Injected>,
    /// Where the time went, in the order of beginning; at most 256 stations.
    pub stations: Vec<Station>,
    /// How many stations came after these.
    pub stations_left_out: usize,
    /// The keys of the items that the call read or wrote; at most 256 keys.
    pub items: Vec<Box<str>>,
    /// The time from the beginning to the end in microseconds.
    pub duration_us: Option<u64>,
    /// The request.
    pub request: Message,
    /// The answer.
    pub answer: Option<Message>,
}

/// Whether a call has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// It has no answer yet.
    Open,
    /// It has an answer.
    Ended,
    /// The client went away before the answer. If the call has a status, it is the answer that nobody received.
    Abandoned,
}

/// The way in of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A request over HTTP.
    Http,
    /// An operation that a message of an agent asked for.
    Mcp,
    /// A step of a scenario.
    Seed,
    /// A request that a person sent from the console.
    Console,
}

impl Via {
    /// The word in JSON and in a filter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Via::Http => "http",
            Via::Mcp => "mcp",
            Via::Seed => "seed",
            Via::Console => "console",
        }
    }
}

/// Who is to blame for an answer that is a failure (status 500 or above, or no answer).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedBy {
    /// A rule of faults made the failure.
    Injected,
    /// The host or its store failed.
    Host,
    /// The component failed.
    Component,
}

/// A fault that a rule injected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Injected {
    /// The id of the rule.
    pub rule: Box<str>,
    /// Where it was injected.
    pub station: StationName,
    /// Whether the store applied the write in spite of the fault. `None` if the fault does not concern a write.
    pub stored: Option<bool>,
}

/// A part of the way of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StationName {
    /// Head, key, plan and body are checked.
    Door,
    /// The request waits for an instance.
    Wait,
    /// The component runs. Calls of the store are within this time.
    Component,
    /// One call of the store.
    Store,
    /// The answer is made.
    Answer,
}

/// The time that a request spent at a station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Station {
    /// The station.
    pub name: StationName,
    /// The microseconds from the beginning of the call to the arrival.
    pub begin_us: u64,
    /// The microseconds at the station.
    pub duration_us: u64,
    /// What was asked of the store, if the station is the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreCall>,
}

/// One call of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreCall {
    /// The function of the store.
    pub verb: Verb,
    /// The key of the item, or the value that a query asked an index for.
    pub key: Box<str>,
    /// How the call ended, in the words of the metrics.
    pub outcome: Outcome,
}

/// A call without its stations, headers and bodies, as lists and the live stream have it.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the members have the meaning of those of `Call`")]
pub struct Summary<'a> {
    pub n: u64,
    pub state: CallState,
    pub at: Timestamp,
    pub space_at: Option<Timestamp>,
    pub space: &'a str,
    pub via: Via,
    pub request_id: &'a str,
    pub operation: Option<&'a str>,
    pub method: &'a str,
    pub path: &'a str,
    pub query: Option<&'a str>,
    pub client: Option<&'a str>,
    pub status: Option<u16>,
    pub refusal: Option<&'a str>,
    pub failed_by: Option<FailedBy>,
    pub faults: &'a [Injected],
    pub items: &'a [Box<str>],
    pub duration_us: Option<u64>,
}

impl Call {
    /// The call without its stations, headers and bodies.
    #[must_use]
    pub fn summary(&self) -> Summary<'_> {
        Summary {
            n: self.n,
            state: self.state,
            at: self.at,
            space_at: self.space_at,
            space: &self.space,
            via: self.via,
            request_id: &self.request_id,
            operation: self.operation.as_deref(),
            method: &self.method,
            path: &self.path,
            query: self.query.as_deref(),
            client: self.client.as_deref(),
            status: self.status,
            refusal: self.refusal.as_deref(),
            failed_by: self.failed_by,
            faults: &self.faults,
            items: &self.items,
            duration_us: self.duration_us,
        }
    }
}
