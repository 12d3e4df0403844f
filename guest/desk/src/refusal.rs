//! The reasons for refusing a request. The module `problem` turns them into answers.

use alloc::string::String;
use alloc::vec::Vec;

use crate::desk;
use crate::ticket::text;

/// The reason for refusing a request.
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
    /// `If-Match` names a version, but the target of the request has no version.
    NoVersion(Unversioned),
    /// The path has a text in the place of a ticket id that is not a valid ticket id.
    NoTicket(String),
    NotAnObject,
    UnknownPath,
    /// The path is unknown only because of the slash at its end. `path` is the path without this slash.
    UnknownPathButFor {
        path: String,
    },
    /// The content type is not supported. `accepted` is the name of the header that lists the supported media type.
    UnsupportedMediaType {
        accepted: &'static str,
    },
}

/// A target of a request that has no version.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unversioned {
    List,
    /// A ticket gets its first version only if the request succeeds.
    NewTicket,
}

impl From<desk::Error> for Refusal {
    fn from(error: desk::Error) -> Self {
        Self::Desk(error)
    }
}

/// A problem with one member, parameter or header.
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

/// The kind of an issue.
#[derive(Debug, Clone, Copy)]
pub(crate) enum IssueKind {
    Cursor,
    /// The header is not a list of entity tags.
    EntityTags,
    /// The store did not make the cursor for this list.
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
