//! Why a request is not done, in the words of whoever found out. What the client sees of it is made in `problem`.

use alloc::string::String;
use alloc::vec::Vec;

use crate::desk;
use crate::ticket::text;

/// Why a request is not done.
#[derive(Debug)]
pub(crate) enum Refusal {
    BodyTooLarge {
        limit_bytes: usize,
    },
    Desk(desk::Error),
    EmptyBody,
    Invalid(Vec<Issue>),
    MalformedBody(String),
    MalformedQuery,
    MethodNotAllowed {
        allow: &'static str,
    },
    /// The path names a ticket by what cannot be a ticket id.
    NoTicket(String),
    NotAnObject,
    UnknownPath,
    UnsupportedMediaType,
}

impl From<desk::Error> for Refusal {
    fn from(error: desk::Error) -> Self {
        Self::Desk(error)
    }
}

/// What is wrong with one member, parameter or header.
#[derive(Debug)]
pub(crate) struct Issue {
    pub(crate) field: String,
    pub(crate) fault: Fault,
}

impl Issue {
    pub(crate) fn new(field: String, fault: Fault) -> Self {
        Self { field, fault }
    }
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    Cursor,
    /// The store did not give it out for this list.
    ForeignCursor,
    IdempotencyKey,
    IfMatch,
    Limit,
    MissingMember,
    MissingParameter,
    NotAText {
        found: &'static str,
    },
    RepeatedHeader,
    RepeatedMember,
    RepeatedParameter,
    Status,
    Text(text::Fault),
    UnknownMember {
        known: &'static [&'static str],
    },
    UnknownParameter,
}
