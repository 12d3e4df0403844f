//! Turns a refusal into the problem that a client sees: a status, headers, and a JSON body that follows RFC 9457 and has
//! the additional member `message`.
//!
//! Invariant: only this module gives refusals their status codes, and no match here has a `_` arm. A new refusal
//! therefore does not compile until it has a status and a text here.

mod wording;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use crate::api::message::JSON;
use crate::desk;
use crate::refusal::{Issue, IssueKind, Refusal, Unversioned};
use crate::store;
use crate::ticket::Unmet;
use crate::ticket::status::Status;
use wording::Excerpt;

/// A refusal as a client sees it. Its serialized form is the body of the answer.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    /// The same text as `detail`, for clients of API Gateway, which read this member.
    message: String,
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    pub(crate) status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// The statuses to which the ticket can move.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<&'static [Status]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    /// A header of the answer.
    #[serde(skip)]
    pub(crate) header: Option<(&'static str, String)>,
}

#[derive(Debug, Serialize)]
struct FieldError {
    field: String,
    message: String,
}

pub(crate) fn describe(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Invalid(issues) => invalid(issues),
        Refusal::MalformedQuery => validation(
            "The query is not valid: two hexadecimal digits must follow each %, and the decoded text must be UTF-8.",
        ),
        Refusal::EmptyBody => validation("The body is empty; send a JSON object."),
        Refusal::NotAnObject => validation("The body is not a JSON object."),
        Refusal::MalformedBody(found) => validation(format!("The body is not valid JSON: {found}.")),
        Refusal::BodyTooLarge { limit_bytes } => {
            plain(413, "Content Too Large", format!("The body is larger than {limit_bytes} bytes."))
        }
        Refusal::UnsupportedMediaType { accepted } => plain(
            415,
            "Unsupported Media Type",
            "The content type must be application/json, with charset UTF-8 if it names a charset.",
        )
        .with(accepted, JSON),
        Refusal::UnknownPath => plain(404, "Not Found", "There is nothing at this path."),
        Refusal::UnknownPathButFor { path } => plain(
            404,
            "Not Found",
            format!("There is nothing at this path. Leave out the slash at its end: {}.", Excerpt(path)),
        ),
        Refusal::NoVersion(Unversioned::List) => plain(
            412,
            "Precondition Failed",
            "A list has no version, so only `*` meets If-Match. Leave If-Match out.",
        ),
        Refusal::NoVersion(Unversioned::NewTicket) => plain(
            412,
            "Precondition Failed",
            "A ticket that is not created yet has no version, so it cannot meet If-Match. Leave If-Match out.",
        ),
        Refusal::NoTicket(name) => no_ticket(name),
        Refusal::MethodNotAllowed { allow } => {
            let detail = format!("This path accepts only {allow}.");
            plain(405, "Method Not Allowed", detail).with("allow", *allow)
        }
        Refusal::Desk(error) => not_done(error),
    }
}

fn not_done(error: &desk::Error) -> Problem {
    match error {
        desk::Error::NoTicket(id) => no_ticket(id.as_str()),
        desk::Error::Clock => plain(
            500,
            "Internal Server Error",
            "The clock of this service is not within the years 1970 to 9999; nothing was stored. An operator has to set it.",
        ),
        desk::Error::CommentsClosed(status) => own(
            409,
            "urn:portdesk:problem:comments-closed",
            "Comments closed",
            format!("The ticket is {status} and takes no more comments."),
        ),
        desk::Error::Full => own(409, "urn:portdesk:problem:comments-full", "Comments full", wording::full()),
        desk::Error::IllegalMove(illegal) => {
            let detail = wording::illegal_move(illegal);
            let problem = own(409, "urn:portdesk:problem:illegal-transition", "Illegal transition", detail);
            Problem { allowed: Some(illegal.from.next()), ..problem }
        }
        desk::Error::VersionConflict(unmet) => not_met(*unmet),
        desk::Error::KeyReused => own(
            422,
            "urn:portdesk:problem:idempotency-key-reused",
            "Idempotency key reused",
            "This Idempotency-Key was used before with another body.",
        ),
        desk::Error::Contended => unavailable(
            "Another change came first at every attempt; nothing was stored. Repeat the request.",
            None,
        ),
        desk::Error::Store(error) => not_stored(*error),
    }
}

fn not_met(unmet: Unmet) -> Problem {
    let detail = match unmet {
        Unmet::OneOf => "If-Match does not name the version of the ticket, which may have changed since.",
        Unmet::NoneOf => "If-None-Match excludes the version of the ticket.",
    };
    own(412, "urn:portdesk:problem:version-conflict", "Version conflict", detail)
}

fn not_stored(error: store::Error) -> Problem {
    match error {
        store::Error::Throttled(milliseconds) => {
            unavailable("The store is overloaded; nothing was stored. Repeat later.", milliseconds)
        }
        store::Error::Unavailable => {
            unavailable("The store cannot be reached; nothing was stored. Repeat later.", None)
        }
        // Without Retry-After, because a client that repeats a write without a key may apply it twice.
        store::Error::Unknown => Problem {
            outcome: Some("unknown"),
            ..plain(
                503,
                "Service Unavailable",
                "The write may have been stored or not. Repeat it with the same \
                Idempotency-Key, or read the ticket first.",
            )
        },
        store::Error::InvalidCursor => invalid(&[Issue::new("cursor".into(), IssueKind::ForeignCursor)]),
        store::Error::TooLarge => plain(
            413,
            "Content Too Large",
            "The ticket is larger than the store can hold; nothing was stored.",
        ),
        store::Error::Invalid => {
            plain(500, "Internal Server Error", "The store refused a call that should be valid.")
        }
        // The status is not 503. Clients, meshes and proxies repeat after a 503 by default, but this failure stays until
        // an operator acts.
        store::Error::Misconfigured => own(
            500,
            "urn:portdesk:problem:store-misconfigured",
            "Store misconfigured",
            "The store is not set up for this request; nothing was stored. Do not repeat it: an operator has to act first.",
        ),
        store::Error::Corrupt => own(
            500,
            "urn:portdesk:problem:corrupt",
            "Corrupt item",
            "The stored data is damaged; an operator has to restore it.",
        ),
    }
}

impl Problem {
    fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        Self { header: Some((name, value.into())), ..self }
    }
}

fn invalid(issues: &[Issue]) -> Problem {
    let errors: Vec<_> = issues
        .iter()
        .take(ERRORS_LIMIT)
        .map(|issue| FieldError { field: Excerpt(&issue.field).to_string(), message: wording::issue(issue) })
        .collect();
    let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
    let problem = validation(messages.join(" "));
    Problem { errors, ..problem }
}

fn no_ticket(name: &str) -> Problem {
    plain(404, "Not Found", format!("There is no ticket {}.", Excerpt(name)))
}

fn unavailable(detail: &str, retry_after_ms: Option<u32>) -> Problem {
    let seconds = retry_after_ms.unwrap_or_default().div_ceil(1_000).max(1);
    plain(503, "Service Unavailable", detail).with("retry-after", seconds.to_string())
}

fn validation(detail: impl Into<String>) -> Problem {
    own(400, "urn:portdesk:problem:validation", "Invalid request", detail)
}

/// Makes a problem without a type of its own, because the status describes it completely.
fn plain(status: u16, title: &'static str, detail: impl Into<String>) -> Problem {
    own(status, "about:blank", title, detail)
}

fn own(status: u16, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Problem {
    let detail = detail.into();
    let (message, errors) = (detail.clone(), Vec::new());
    Problem { message, kind, title, status, detail, errors, allowed: None, outcome: None, header: None }
}

/// The largest number of errors in an answer. A body may have thousands of unknown members, and nobody reads such a list.
const ERRORS_LIMIT: usize = 16;
