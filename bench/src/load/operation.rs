//! The requests of a measurement, and the check of their answers.

use std::borrow::Cow;

use anyhow::{Result, bail};
use hyper::body::Bytes;
use hyper::http::uri::PathAndQuery;
use hyper::{Method, Uri};
use memchr::memmem;

use super::connection::Answered;
use super::stock::{Caller, LISTED, Stock, Ticket};

/// The measured operations, in the order of their measurement: operations that write come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// Reads one ticket without comments.
    Get,
    /// The same as a call of a tool (MCP).
    CallGet,
    /// Reads the newest ten tickets of a caller.
    List,
    /// The same as a call of a tool (MCP).
    CallList,
    /// Adds a comment to a ticket that has few.
    Comment,
    /// Creates a ticket.
    Post,
}

impl Operation {
    /// A call stands directly after the request that it is compared with.
    pub(crate) const ALL: [Operation; 6] = [
        Operation::Get,
        Operation::CallGet,
        Operation::List,
        Operation::CallList,
        Operation::Comment,
        Operation::Post,
    ];

    /// The name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Operation::Get => "GET /tickets/{id}",
            Operation::CallGet => "tools/call get_ticket_status",
            Operation::List => "GET /tickets?caller=",
            Operation::CallList => "tools/call list_recent_tickets",
            Operation::Comment => "POST /tickets/{id}/comments",
            Operation::Post => "POST /tickets",
        }
    }

    /// Whether it is a message for agents, which only our host takes.
    pub(crate) fn is_call(self) -> bool {
        matches!(self, Operation::CallGet | Operation::CallList)
    }

    /// Returns the request with this number, or `None` if the stock has no ticket for it.
    pub(super) fn ask(self, stock: &Stock, number: usize) -> Option<Ask<'_>> {
        match self {
            Operation::Get => {
                let ticket = nth(&stock.read, number)?;
                Some(Ask::get(&ticket.path, Right::Contains(Cow::Borrowed(&ticket.id))))
            }
            Operation::CallGet => {
                let Ticket { id, .. } = nth(&stock.read, number)?;
                let call = call("get_ticket_status", "ticket_id", &format!("\"{id}\""));
                Some(Ask::message(call, Right::Contains(Cow::Borrowed(id))))
            }
            Operation::List => {
                let caller = nth(&stock.callers, number)?;
                Some(Ask::get(&caller.path, Right::Lists(&caller.name)))
            }
            Operation::CallList => {
                let Caller { name, .. } = nth(&stock.callers, number)?;
                Some(Ask::message(call("list_recent_tickets", "caller", name), Right::Lists(name)))
            }
            Operation::Comment => {
                let ticket = nth(&stock.commented, number)?;
                Some(Ask {
                    method: Method::POST,
                    path: ticket.comments.clone(),
                    body: Bytes::from_static(COMMENT),
                    status: 200,
                    right: Right::Contains(Cow::Borrowed(&ticket.id)),
                })
            }
            // No measurement lists these callers.
            Operation::Post => Some(create(&format!("new-{}", number % 1000))),
        }
    }
}

fn nth<T>(all: &[T], number: usize) -> Option<&T> {
    all.get(number.checked_rem(all.len())?)
}

/// The call of a tool with one argument, whose value is JSON, as clients before the protocol of 2026-07-28 send it.
fn call(tool: &str, argument: &str, value: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{{"{argument}":{value}}}}}}}"#
    )
}

/// Returns the request that creates a ticket.
pub(super) fn create(caller: &str) -> Ask<'static> {
    let body = format!(r#"{{"caller_id":"{caller}","issue_description":"{DESCRIPTION}"}}"#);
    Ask {
        method: Method::POST,
        path: Uri::from(PathAndQuery::from_static("/tickets")),
        body: Bytes::from(body),
        status: 201,
        right: Right::Contains(Cow::Owned(format!(r#""caller_id":"{caller}""#))),
    }
}

/// A request and its right answer.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) path: Uri,
    pub(super) body: Bytes,
    status: u16,
    right: Right<'a>,
}

/// The right body of an answer.
#[derive(Debug)]
enum Right<'a> {
    /// A page of tickets, all of this caller.
    Lists(&'a str),
    /// A body that contains this text.
    Contains(Cow<'a, str>),
}

impl<'a> Ask<'a> {
    fn get(path: &Uri, right: Right<'a>) -> Ask<'a> {
        Ask { method: Method::GET, path: path.clone(), body: Bytes::new(), status: 200, right }
    }

    fn message(body: String, right: Right<'a>) -> Ask<'a> {
        let path = Uri::from(PathAndQuery::from_static("/mcp"));
        Ask { method: Method::POST, path, body: Bytes::from(body), status: 200, right }
    }

    /// A wrong answer ends the run, because figures of wrong answers mean nothing.
    pub(super) fn check(&self, answered: &Answered) -> Result<()> {
        let Answered { status, body, .. } = answered;
        let is_right = *status == self.status
            && match &self.right {
                Right::Lists(caller) => {
                    let count = |text: &str| memmem::find_iter(body, text).count();
                    count(r#""ticket_id":""#) == LISTED && count(caller) == LISTED
                }
                Right::Contains(text) => memmem::find(body, text.as_bytes()).is_some(),
            };
        if is_right {
            return Ok(());
        }
        let body = String::from_utf8_lossy(body.get(..SHOWN_BYTES).unwrap_or(body));
        bail!("{} {} was answered with {status} and {body:?}", self.method, self.path);
    }
}

const DESCRIPTION: &str = "The VPN drops every ten minutes since the update of this morning.";
const COMMENT: &[u8] = br#"{"comment":"It happened again after lunch.","author":"Second line"}"#;

/// The largest part of a wrong answer that the error shows.
const SHOWN_BYTES: usize = 400;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::StatusCode;

    use super::*;

    fn answered(status: u16, body: &str) -> Answered {
        Answered {
            status: StatusCode::from_u16(status).unwrap(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            latency: Duration::ZERO,
        }
    }

    #[test]
    fn an_answer_with_another_status_or_ticket_is_wrong() {
        let ask = create("new-1");
        let right = r#"{"ticket_id":"1","caller_id":"new-1"}"#;
        assert!(ask.check(&answered(201, right)).is_ok());
        assert!(ask.check(&answered(200, right)).is_err());
        assert!(ask.check(&answered(201, r#"{"ticket_id":"1","caller_id":"new-2"}"#)).is_err());
    }

    #[test]
    fn a_list_is_right_if_it_is_a_whole_page_of_its_caller() {
        let path = Uri::from_static("/tickets");
        let ask = Ask::get(&path, Right::Lists("caller-7\""));
        let listed = |caller: &str| format!(r#"{{"ticket_id":"1","caller_id":"{caller}"}},"#);
        assert!(ask.check(&answered(200, &listed("caller-7").repeat(LISTED))).is_ok());
        assert!(ask.check(&answered(200, &listed("caller-7").repeat(LISTED - 1))).is_err());
        assert!(ask.check(&answered(200, &listed("caller-8").repeat(LISTED))).is_err());
    }
}
