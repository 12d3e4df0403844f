//! Writes the sentences of problems. Each states what is wrong and what is allowed.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::refusal::{Issue, IssueKind};
use crate::ticket::status::Status;
use crate::ticket::{COMMENTS_LIMIT, MoveError, text};

/// Returns a sentence that names the field and its rule.
pub(super) fn issue(issue: &Issue) -> String {
    let name = Excerpt(&issue.field);
    match issue.kind {
        IssueKind::Cursor => "The parameter `cursor` has 1 to 512 characters.".to_owned(),
        IssueKind::EntityTags => {
            format!("The header {name} is `*` or a list of entity tags, for example \"1\".")
        }
        IssueKind::ForeignCursor => "The cursor is not one of this list; start without a cursor.".to_owned(),
        IssueKind::IdempotencyKey => {
            "The header Idempotency-Key has 1 to 255 visible ASCII characters.".to_owned()
        }
        IssueKind::Limit => "The parameter `limit` is a whole number from 1 to 100.".to_owned(),
        IssueKind::MissingMember => format!("The member `{name}` is missing."),
        // API Gateway uses the same words. Clients of the API that Portdesk replaces may look for them.
        IssueKind::MissingParameter => format!("Missing required request parameters: [{name}]"),
        IssueKind::NotAText { found } => format!("The member `{name}` must be a string, not {found}."),
        IssueKind::RepeatedHeader => format!("The header {name} is given more than once."),
        IssueKind::RepeatedMember => format!("The member `{name}` is given more than once."),
        IssueKind::RepeatedParameter => format!("The parameter `{name}` is given more than once."),
        IssueKind::Status => format!("The member `{name}` must be {}.", alternatives(&Status::ALL)),
        IssueKind::Text(kind) => unfit_text(&name, kind),
        IssueKind::UnknownMember { known } => {
            let known: Vec<_> = known.iter().map(|known| format!("`{known}`")).collect();
            format!("The member `{name}` is not known; known are {}.", known.join(" and "))
        }
        IssueKind::UnknownParameter => format!("The parameter `{name}` is not known."),
    }
}

pub(super) fn illegal_move(illegal: &MoveError) -> String {
    let MoveError { from, to } = illegal;
    let subject = if from == to {
        format!("The ticket is {from} already, and a comment here needs a change of status")
    } else {
        format!("A ticket that is {from} cannot become {to}")
    };
    match from.next() {
        [] => format!("{subject}; its status is final."),
        next => format!("{subject}; it can become {}.", alternatives(next)),
    }
}

pub(super) fn full() -> String {
    format!("The ticket is full: it has {COMMENTS_LIMIT} comments, or as much text as one ticket can hold.")
}

fn unfit_text(name: &Excerpt<'_>, kind: text::TextError) -> String {
    match kind {
        text::TextError::Control => {
            format!("`{name}` has a control character; only tabs and ends of lines are allowed.")
        }
        text::TextError::Empty { limit } => format!("`{name}` is empty; it has 1 to {limit} characters."),
        text::TextError::TooLong { limit } => {
            format!("`{name}` is too long; it has 1 to {limit} characters.")
        }
    }
}

/// Joins the names of statuses, for example `open, closed or cancelled`.
fn alternatives(statuses: &[Status]) -> String {
    let names: Vec<_> = statuses.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Shows a text that a client sent: only its beginning, and without characters that control a terminal.
pub(super) struct Excerpt<'a>(pub(super) &'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.chars();
        for c in rest.by_ref().take(EXCERPT_CHARACTERS) {
            f.write_char(if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })?;
        }
        if rest.next().is_some() { f.write_str("...") } else { Ok(()) }
    }
}

const EXCERPT_CHARACTERS: usize = 64;
