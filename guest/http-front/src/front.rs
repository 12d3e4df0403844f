//! One request, from what the platform handed over to the answer that goes out.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::answer::{Answer, Headers, Outgoing};
use crate::{Refusal, client, head, page};

/// The most bytes of a body: what `wit/handler.wit` promises a component.
pub const BODY_BYTES: usize = 64 * 1024;

/// A request as the platform gives it, but for its body.
#[derive(Debug)]
pub struct Incoming {
    /// As the client sent it.
    pub method: String,
    /// Path and query; none where the target has neither, as that of `CONNECT`.
    pub target: Option<String>,
    /// In the order of arrival; names in any case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The header that names the client; none where the platform was not told to set one.
    pub client_header: Option<String>,
    /// From a generator that nobody can foresee.
    pub random: [u8; 16],
}

/// A request as `wit/handler.wit` has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// As the client sent it.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// What follows the first `?`.
    pub query: Option<String>,
    /// The headers that a component may see.
    pub headers: Headers,
    /// Whole.
    pub body: Vec<u8>,
    /// Who calls, where the platform says so.
    pub client: Option<String>,
    /// A UUID.
    pub request_id: String,
}

/// Reads the body of a request; asked once at most, for no more than so many bytes.
pub type Body<'a> = &'a mut dyn FnMut(usize) -> Result<Vec<u8>, Refusal>;

/// The component behind the front.
pub trait Responder {
    /// Answers a request.
    fn handle(&self, request: Request) -> Answer;

    /// The contract that it serves.
    fn openapi(&self) -> String;
}

/// Answers one request. Never fails: what goes wrong is an answer too.
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
