//! All that reaches out of the component.

use std::time::{Duration, SystemTime};

use crate::Endpoint;

/// The network, the clocks and chance.
pub trait Platform {
    /// Sends a request and waits for the whole answer.
    fn send(&self, request: &Request<'_>) -> Result<Answer, SendError>;

    /// Waits.
    fn wait(&self, time: Duration);

    /// The time, for signatures.
    fn now(&self) -> SystemTime;

    /// The time since some moment; it never goes back.
    fn elapsed(&self) -> Duration;

    /// A number from 0 to 1, by chance.
    fn chance(&self) -> f64;
}

/// A request: a `POST`, as all of DynamoDB's are.
#[derive(Debug)]
pub struct Request<'a> {
    /// Where to.
    pub endpoint: &'a Endpoint,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: &'a [u8],
    /// How long to wait for what.
    pub timeouts: Timeouts,
}

/// How long an attempt may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until there is a connection.
    pub connect: Duration,
    /// Until the answer is there, whole.
    pub answer: Duration,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `x-amzn-requestid`, where there is one that is text.
    pub request_id: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// A request that got no answer, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    /// For the operator.
    pub text: String,
    /// Whether it may have arrived.
    pub sent: bool,
}

/// The most bytes of an answer: a page of a megabyte, or an item of 400 KiB, with every character escaped.
pub const ANSWER_LIMIT_BYTES: usize = 16 * 1024 * 1024;
