//! What is asked of a server, and what a right answer looks like.

use std::borrow::Cow;

use hyper::body::Bytes;
use hyper::http::uri::PathAndQuery;
use hyper::{Method, Uri};
use memchr::memmem;

use super::connection::Answered;
use super::stock::{LISTED, Stock};
use crate::failure::Failure;

/// The operations that are measured, in the order in which they are: what writes comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// One ticket without comments.
    Get,
    /// The newest ten tickets of a caller.
    List,
    /// A comment on a ticket that has few.
    Comment,
    /// A new ticket.
    Post,
}

impl Operation {
    /// All of them.
    pub(crate) const ALL: [Operation; 4] =
        [Operation::Get, Operation::List, Operation::Comment, Operation::Post];

    /// As people write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Operation::Get => "GET /tickets/{id}",
            Operation::List => "GET /tickets?caller=",
            Operation::Comment => "POST /tickets/{id}/comments",
            Operation::Post => "POST /tickets",
        }
    }

    /// The request of this number.
    pub(super) fn ask(self, stock: &Stock, number: usize) -> Ask<'_> {
        match self {
            Operation::Get => {
                let ticket = stock.read(number);
                Ask::get(&ticket.path, Right::Names(Cow::Borrowed(&ticket.id)))
            }
            Operation::List => {
                let caller = stock.caller(number);
                Ask::get(&caller.path, Right::Lists(&caller.name))
            }
            Operation::Comment => {
                let ticket = stock.commented(number);
                Ask {
                    method: Method::POST,
                    path: ticket.comments.clone(),
                    body: Bytes::from_static(COMMENT),
                    status: 200,
                    right: Right::Names(Cow::Borrowed(&ticket.id)),
                }
            }
            // Of callers whose lists nobody asks for.
            Operation::Post => create(&format!("new-{}", number % 1000)),
        }
    }
}

/// The request that makes a ticket.
pub(super) fn create(caller: &str) -> Ask<'static> {
    let body = format!(r#"{{"caller_id":"{caller}","issue_description":"{DESCRIPTION}"}}"#);
    Ask {
        method: Method::POST,
        path: Uri::from(PathAndQuery::from_static("/tickets")),
        body: Bytes::from(body),
        status: 201,
        right: Right::Names(Cow::Owned(format!(r#""caller_id":"{caller}""#))),
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

/// What the body of a right answer holds.
#[derive(Debug)]
enum Right<'a> {
    /// A page of tickets, all of this caller.
    Lists(&'a str),
    /// This text.
    Names(Cow<'a, str>),
}

impl<'a> Ask<'a> {
    fn get(path: &Uri, right: Right<'a>) -> Ask<'a> {
        Ask { method: Method::GET, path: path.clone(), body: Bytes::new(), status: 200, right }
    }

    /// An answer that is not the right one ends the run.
    pub(super) fn check(&self, answered: &Answered) -> Result<(), Failure> {
        let Answered { status, body, .. } = answered;
        let is_right = *status == self.status
            && match &self.right {
                Right::Lists(caller) => {
                    let count = |text: &str| memmem::find_iter(body, text).count();
                    count(r#""ticket_id":""#) == LISTED && count(caller) == LISTED
                }
                Right::Names(text) => memmem::find(body, text.as_bytes()).is_some(),
            };
        if is_right {
            return Ok(());
        }
        let body = body.get(..SHOWN_BYTES).unwrap_or(body);
        Err(Failure::Answer {
            asked: format!("{} {}", self.method, self.path),
            status: status.as_u16(),
            body: String::from_utf8_lossy(body).into_owned(),
        })
    }
}

const DESCRIPTION: &str = "The VPN drops every ten minutes since the update of this morning.";
const COMMENT: &[u8] = br#"{"comment":"It happened again after lunch.","author":"Second line"}"#;

/// How much of a wrong answer is shown.
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
            refused: 0,
        }
    }

    #[test]
    fn an_answer_of_another_status_or_of_another_ticket_is_wrong() {
        let ask = create("new-1");
        let right = r#"{"ticket_id":"1","caller_id":"new-1"}"#;
        assert!(ask.check(&answered(201, right)).is_ok());
        assert!(ask.check(&answered(200, right)).is_err());
        assert!(ask.check(&answered(201, r#"{"ticket_id":"1","caller_id":"new-2"}"#)).is_err());
    }

    #[test]
    fn a_list_is_right_with_a_whole_page_of_its_caller_alone() {
        let path = Uri::from_static("/tickets");
        let ask = Ask::get(&path, Right::Lists("caller-7\""));
        let listed = |caller: &str| format!(r#"{{"ticket_id":"1","caller_id":"{caller}"}},"#);
        assert!(ask.check(&answered(200, &listed("caller-7").repeat(LISTED))).is_ok());
        assert!(ask.check(&answered(200, &listed("caller-7").repeat(LISTED - 1))).is_err());
        assert!(ask.check(&answered(200, &listed("caller-8").repeat(LISTED))).is_err());
    }
}
