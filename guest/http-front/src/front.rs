//! Answers a request: from the request that the platform passes in to the answer that the front sends.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::answer::{Answer, Headers, Outgoing};
use crate::{Refusal, client, head, page};

/// The greatest length of a body in bytes, as `wit/handler.wit` promises it to a component.
pub const BODY_BYTES: usize = 64 * 1024;

/// A request from the platform, without its body.
#[derive(Debug)]
pub struct Incoming {
    /// The method as the client sent it.
    pub method: String,
    /// The path and the query; none if the target has neither, as the target of `CONNECT`.
    pub target: Option<String>,
    /// The headers in the order of arrival. Their names may have capital letters.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The name of the header that names the client; none if no such header is configured.
    pub client_header: Option<String>,
    /// Random bytes from a generator that nobody can predict.
    pub random: [u8; 16],
}

/// A request for the component, with the fields that `wit/handler.wit` describes.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// The method as the client sent it.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The text after the first `?`.
    pub query: Option<String>,
    /// The headers that a component may see.
    pub headers: Headers,
    /// The whole body.
    pub body: Vec<u8>,
    /// The client, if the platform names it.
    pub client: Option<String>,
    /// A UUID that identifies the request.
    pub request_id: String,
}

/// Reads the body of a request. The argument is the largest number of bytes to read. The front calls this at most once.
pub type Body<'a> = &'a mut dyn FnMut(usize) -> Result<Vec<u8>, Refusal>;

/// The component behind the front.
pub trait Responder {
    /// Answers a request.
    fn handle(&self, request: Request) -> Answer;

    /// Returns the contract that the component serves.
    fn openapi(&self) -> String;
}

/// Answers one request. If anything goes wrong, the answer has a status for it.
pub fn serve(desk: &dyn Responder, incoming: Incoming, body: Body<'_>) -> Outgoing {
    let request_id = uuid::Builder::from_random_bytes(incoming.random).into_uuid().to_string();
    let method = incoming.method.clone();
    let answer = match ask(desk, incoming, body, &request_id) {
        Ok(answer) => answer,
        Err(refusal) => refusal.answer(&method),
    };
    answer.outgoing(&method, &request_id)
}

fn ask(
    desk: &dyn Responder,
    incoming: Incoming,
    body: Body<'_>,
    request_id: &str,
) -> Result<Answer, Refusal> {
    let Incoming { method, target, headers, client_header, random: _ } = incoming;
    let target = target.unwrap_or_default();
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target.as_str(), None),
    };
    if let Some(page) = page::of(desk, &method, path) {
        return Ok(page);
    }
    head::check(path, query, &headers)?;
    let client = client::of(&headers, client_header.as_deref())?;
    head::check_coding(&headers)?;
    let body = body(head::body_bytes(&headers)?)?;
    Ok(desk.handle(Request {
        path: path.into(),
        query: query.map(Into::into),
        headers: head::passed(&headers),
        request_id: request_id.into(),
        method,
        body,
        client,
    }))
}

#[cfg(test)]
mod tests;
