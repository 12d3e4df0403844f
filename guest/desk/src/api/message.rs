//! Requests and answers: `wit/handler.wit` in plain types.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

/// Names, in lower case, and values.
pub type Headers = Vec<(String, String)>;

/// One request, complete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// As the client sent it; case matters.
    pub method: String,
    /// As the client sent it, still percent-encoded, without the query.
    pub path: String,
    /// What followed the first `?`, still percent-encoded.
    pub query: Option<String>,
    /// The headers that the desk may act on, in the order of arrival.
    pub headers: Headers,
    /// The body, whole; empty where there was none.
    pub body: Vec<u8>,
    /// The name of the credential that the host has checked.
    pub client: Option<String>,
    /// Names the request in logs.
    pub request_id: String,
}

impl Request {
    /// Whether it changes nothing.
    pub(crate) fn is_read(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// The values of the header `name`, which is given in lower case.
    pub(crate) fn header(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// One answer, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status code.
    pub status: u16,
    /// The answer's headers.
    pub headers: Headers,
    /// The body as it follows a `GET`; whoever answers a `HEAD` leaves it out.
    pub body: Vec<u8>,
    /// The operationId of the contract that answered.
    pub operation: Option<&'static str>,
}

impl Response {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), operation: None }
    }

    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        Self::of_type(JSON, status, body)
    }

    pub(crate) fn of_type(content_type: &str, status: u16, body: &impl Serialize) -> Self {
        // The bodies are plain records of texts and numbers; there is nothing in them that JSON cannot say.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self { body, ..Self::empty(status) }.with("content-type", content_type)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// The media type of every body, in both directions.
pub(crate) const JSON: &str = "application/json";
