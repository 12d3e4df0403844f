//! The component's only access to the outside: the network, clocks and randomness.

use std::time::{Duration, SystemTime};

use crate::Endpoint;

/// The network, the clocks and a source of random numbers.
pub trait Platform {
    /// Sends a request and waits until the whole answer has arrived.
    fn send(&self, request: &Request<'_>) -> Result<Answer, SendError>;

    /// Waits for this time.
    fn wait(&self, time: Duration);

    /// Returns the time of day, for signatures.
    fn now(&self) -> SystemTime;

    /// Returns the time since a fixed moment. It never goes back.
    fn elapsed(&self) -> Duration;

    /// Returns a random number from 0 to 1.
    fn chance(&self) -> f64;
}

/// A request to DynamoDB. All of them are `POST` requests.
#[derive(Debug)]
pub struct Request<'a> {
    /// The receiver of the request.
    pub endpoint: &'a Endpoint,
    /// The names and values of the headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: &'a [u8],
    /// The time limits of the request.
    pub timeouts: Timeouts,
}

/// The time limits of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// The time until a connection is made.
    pub connect: Duration,
    /// The time until the whole answer has arrived.
    pub answer: Duration,
}

/// An answer of DynamoDB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The value of `x-amzn-requestid`, if there is one and it is UTF-8.
    pub request_id: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// The error of a request that got no answer or only a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    /// The text for the operator.
    pub text: String,
    /// Whether the request may have arrived.
    pub sent: bool,
}

/// The greatest length of an answer in bytes. It is enough for a page of a megabyte, or for an item of 400 KiB, even if
/// every character is escaped.
pub const ANSWER_LIMIT_BYTES: usize = 16 * 1024 * 1024;
