//! What the pipeline tells the journal.

use std::sync::Arc;
use std::time::Instant;

use hyper::HeaderMap;
use jiff::Timestamp;

use super::call::{FailedBy, Via};
use super::message::{Envelope, kept_part};
use super::record::{Ending, Moment, Opening, encoded};
use super::trail::Trail;
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
    /// What happened on the way.
    pub trail: Trail,
    /// All headers of the answer. The journal keeps only those of its allowlist.
    pub headers: &'a HeaderMap,
    /// The body of the answer.
    pub body: &'a [u8],
}

impl Opened<'_> {
    /// Encodes what the ring keeps.
    pub(super) fn encode(&self, begun_us: u64) -> Vec<u8> {
        let request = Envelope::new(self.headers, self.body);
        let body = kept_part(self.body);
        let texts = [Some(self.request_id), Some(self.method), Some(self.path)];
        let texts = texts.into_iter().chain([self.operation, self.query, self.client]).flatten();
        let room = texts.map(str::len).sum::<usize>() + request.bytes() + body.len() + NUMBERS_BYTES;
        let opening = Opening {
            // A clock that no calendar has is an error of requests, which the call shows by itself.
            at: Moment::of(clock::now().unwrap_or_default()),
            space_at: self.space_at.map(Moment::of),
            begun_us,
            via: self.via,
            request_id: self.request_id,
            operation: self.operation,
            method: self.method,
            path: self.path,
            query: self.query,
            client: self.client,
            request,
        };
        let mut bytes = encoded(&opening, room);
        bytes.extend_from_slice(body);
        bytes
    }
}

impl Ended<'_> {
    /// Encodes what the ring keeps, apart from the body.
    pub(super) fn encode(self) -> Vec<u8> {
        let answer = Envelope::new(self.headers, self.body);
        let steps = self.trail.steps();
        let room = answer.bytes() + steps.len() + NUMBERS_BYTES;
        let ending = Ending {
            status: self.status,
            refusal: self.refusal,
            failed_by: self.failed_by,
            steps: steps.len(),
            stations_left_out: self.trail.left_out(),
            answer,
        };
        let mut bytes = encoded(&ending, room);
        bytes.extend_from_slice(steps);
        bytes
    }
}

/// More than the numbers of an opening or of an ending have.
const NUMBERS_BYTES: usize = 64;
