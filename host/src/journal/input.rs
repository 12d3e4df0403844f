//! What the pipeline tells the journal.

use std::sync::Arc;
use std::time::Instant;

use hyper::HeaderMap;
use jiff::Timestamp;

use super::call::{Call, CallState, FailedBy, Injected, Station, Via, micros};
use super::message::Message;
use crate::clock;

/// What is known of a call when it begins.
#[derive(Debug, Clone)]
pub struct Opened<'a> {
    /// When the head was read. Stations count their microseconds from here.
    pub begun: Instant,
    /// The space.
    pub space: Arc<str>,
    /// The time of the space.
    pub space_at: Option<Timestamp>,
    /// The way in.
    pub via: Via,
    /// The id of the request.
    pub request_id: &'a str,
    /// The operation, if the router knows it.
    pub operation: Option<&'a str>,
    /// The method.
    pub method: &'a str,
    /// The path, percent-encoded.
    pub path: &'a str,
    /// The query, percent-encoded.
    pub query: Option<&'a str>,
    /// The label of the key. It must never be the key.
    pub client: Option<&'a str>,
    /// All headers. The journal keeps only those of its allowlist.
    pub headers: &'a HeaderMap,
    /// The body; empty if it was not read.
    pub body: &'a [u8],
}

/// What is known of a call when it ends.
#[derive(Debug, Clone)]
pub struct Ended<'a> {
    /// The status of the answer.
    pub status: u16,
    /// Why the host answered in place of the component.
    pub refusal: Option<&'static str>,
    /// Who is to blame, if the answer is a failure.
    pub failed_by: Option<FailedBy>,
    /// The faults that were injected.
    pub faults: Vec<Injected>,
    /// Where the time went, in the order of beginning. The journal keeps the first 256.
    pub stations: Vec<Station>,
    /// The keys of the items that were read or written. The journal keeps the first 256, each once.
    pub items: Vec<Box<str>>,
    /// All headers of the answer. The journal keeps only those of its allowlist.
    pub headers: &'a HeaderMap,
    /// The body of the answer.
    pub body: &'a [u8],
}

impl Opened<'_> {
    /// Copies what the journal keeps. The ring sets `n`.
    pub(super) fn into_call(self) -> Call {
        Call {
            n: 0,
            state: CallState::Open,
            // A clock that no calendar has is an error of requests, which the call shows by itself.
            at: clock::now().unwrap_or_default(),
            space_at: self.space_at,
            space: self.space,
            via: self.via,
            request_id: self.request_id.into(),
            operation: self.operation.map(Into::into),
            method: self.method.into(),
            path: self.path.into(),
            query: self.query.map(Into::into),
            client: self.client.map(Into::into),
            status: None,
            refusal: None,
            failed_by: None,
            faults: Vec::new(),
            stations: Vec::new(),
            stations_left_out: 0,
            items: Vec::new(),
            duration_us: None,
            request: Message::of(self.headers, self.body),
            answer: None,
            begun: self.begun,
        }
    }
}

impl Ended<'_> {
    /// Copies what the journal keeps, and returns what is then to be done under the lock.
    pub(super) fn into_change(self) -> impl FnOnce(&mut Call) {
        let Ended { status, refusal, failed_by, mut faults, mut stations, mut items, .. } = self;
        let answer = Message::of(self.headers, self.body);
        let left_out = stations.len().saturating_sub(STATIONS_LIMIT);
        stations.truncate(STATIONS_LIMIT);
        items.sort_unstable();
        items.dedup();
        items.truncate(ITEMS_LIMIT);
        faults.truncate(FAULTS_LIMIT);
        faults.shrink_to_fit();
        stations.shrink_to_fit();
        items.shrink_to_fit();
        move |call| {
            if call.state == CallState::Open {
                call.state = CallState::Ended;
            }
            call.status = Some(status);
            call.refusal = refusal;
            call.failed_by = failed_by;
            call.faults = faults;
            call.stations = stations;
            call.stations_left_out = left_out;
            call.items = items;
            call.duration_us = Some(micros(call.begun));
            call.answer = Some(answer);
        }
    }
}

/// A component may make 1,000 calls of the store for one request. Nobody reads that many lines.
const STATIONS_LIMIT: usize = 256;
/// More than two pages of a query.
const ITEMS_LIMIT: usize = 256;
/// A space has at most 64 rules of faults, and each matches a request at few stations.
const FAULTS_LIMIT: usize = 256;
