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
    /// `If-Match` names versions of what has none.
    NoVersion(Unversioned),
    /// The path names a ticket by what cannot be a ticket id.
    NoTicket(String),
    NotAnObject,
    UnknownPath,
    /// A path that would be known without the slash at its end.
    UnknownPathButFor {
        path: String,
    },
    /// The header in which the answer says which media type the method takes.
    UnsupportedMediaType {
        accepted: &'static str,
    },
}

/// What has no version.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unversioned {
    List,
    /// It gets its first one when the request is done.
    NewTicket,
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
    pub(crate) kind: IssueKind,
}

impl Issue {
    pub(crate) fn new(field: String, kind: IssueKind) -> Self {
        Self { field, kind }
    }
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum IssueKind {
    Cursor,
    /// The header is no list of entity tags.
    EntityTags,
    /// The store did not give it out for this list.
    ForeignCursor,
    IdempotencyKey,
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
    Text(text::TextError),
    UnknownMember {
        known: &'static [&'static str],
    },
    UnknownParameter,
}
