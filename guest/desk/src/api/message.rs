//! Plain types for the requests and answers that `wit/handler.wit` describes.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

/// The names of headers, in lower case, and their values.
pub type Headers = Vec<(String, String)>;

/// A complete request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The method as the client sent it. It is case-sensitive.
    pub method: String,
    /// The path as the client sent it: percent-encoded, without the query.
    pub path: String,
    /// The text after the first `?`, percent-encoded.
    pub query: Option<String>,
    /// The headers that the desk may act on, in the order of arrival.
    pub headers: Headers,
    /// The whole body; empty if the request has none.
    pub body: Vec<u8>,
    /// The client: the name of the credential that the host has checked.
    pub client: Option<String>,
    /// Identifies the request in logs.
    pub request_id: String,
}

impl Request {
    /// Whether the method of the request only reads.
    pub(crate) fn is_read(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// Returns the values of the header `name`. The name has to be in lower case.
    pub(crate) fn header(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status code.
    pub status: u16,
    /// The answer's headers.
    pub headers: Headers,
    /// The body that a `GET` would get. The host leaves it out if the method is `HEAD`.
    pub body: Vec<u8>,
    /// The operationId (in the contract) of the operation that answered.
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
        // Serialization cannot fail: the bodies are plain structs of strings, numbers and booleans.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self { body, ..Self::empty(status) }.with("content-type", content_type)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// The media type of the bodies of requests and answers.
pub(crate) const JSON: &str = "application/json";
