//! Tickets and their rules. The rules do not depend on the store or on the way in which a request arrives.

pub(crate) mod status;
pub(crate) mod text;

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::identity::{CommentId, TicketId};
use crate::time::Time;
use status::Status;
use text::Text;

/// The person who has the issue, as the client names this person.
pub(crate) type CallerId = Text<128>;
/// The description of an issue.
pub(crate) type Description = Text<4000>;
/// The text of a comment.
pub(crate) type Remark = Text<4000>;
/// The author of a comment, as the client names the author.
pub(crate) type Author = Text<128>;

/// The largest number of comments on a ticket.
pub(crate) const COMMENTS_LIMIT: u32 = 500;

/// The content of a request that opens a ticket.
#[derive(Debug)]
pub(crate) struct NewTicket {
    pub(crate) caller_id: CallerId,
    pub(crate) issue_description: Description,
}

/// The content of a request that adds a comment.
#[derive(Debug)]
pub(crate) struct NewComment {
    pub(crate) comment: Remark,
    pub(crate) author: Option<Author>,
    pub(crate) expected: Expected,
}

/// The content of a request that moves a ticket to another status.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) status: Status,
    pub(crate) comment: Option<Remark>,
    pub(crate) expected: Expected,
}

/// The conditions of a client on the version of a ticket. If `one_of` is given, the version has to be one of these; if
/// `none_of` is given, it must not be one of those.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) one_of: Option<Versions>,
    pub(crate) none_of: Option<Versions>,
}

/// Versions that a client names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Versions {
    /// Any version.
    Any,
    Listed(Vec<u64>),
}

/// The condition that the version does not meet. If it meets neither, this is `OneOf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unmet {
    OneOf,
    NoneOf,
}

impl Expected {
    /// Checks whether a version meets both conditions. `None` stands for a target that exists but has no version.
    pub(crate) fn check(&self, version: Option<u64>) -> Result<(), Unmet> {
        if self.one_of.as_ref().is_some_and(|versions| !versions.contain(version)) {
            Err(Unmet::OneOf)
        } else if self.none_of.as_ref().is_some_and(|versions| versions.contain(version)) {
            Err(Unmet::NoneOf)
        } else {
            Ok(())
        }
    }

    /// Whether every version meets both conditions.
    pub(crate) fn admits_all(&self) -> bool {
        let names_none = |versions: &Versions| *versions == Versions::Listed(Vec::new());
        matches!(self.one_of, None | Some(Versions::Any)) && self.none_of.as_ref().is_none_or(names_none)
    }

    /// Returns a version that the client names and that meets both conditions.
    pub(crate) fn named(&self) -> Option<u64> {
        match &self.one_of {
            Some(Versions::Listed(versions)) => {
                versions.iter().copied().find(|version| self.check(Some(*version)).is_ok())
            }
            None | Some(Versions::Any) => None,
        }
    }
}

impl Versions {
    fn contain(&self, version: Option<u64>) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(versions) => version.is_some_and(|version| versions.contains(&version)),
        }
    }
}

/// A ticket. Its fields are in the order in which clients see them.
///
/// The texts are plain strings: the desk shows a ticket that another program stored unchanged, even if its texts are
/// above the limits for new texts. `updated_at` is never before `created_at`, even if a clock is set back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the contract")]
pub(crate) struct Ticket {
    pub(crate) ticket_id: TicketId,
    pub(crate) caller_id: String,
    pub(crate) issue_description: String,
    pub(crate) status: Status,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
    pub(crate) comments: Vec<Comment>,
    #[serde(skip)]
    pub(crate) version: u64,
}

/// A comment on a ticket. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the contract")]
pub(crate) struct Comment {
    pub(crate) comment_id: CommentId,
    pub(crate) comment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<String>,
    pub(crate) created_at: Time,
}

/// A ticket as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Listed {
    pub(crate) ticket_id: TicketId,
    pub(crate) caller_id: String,
    pub(crate) issue_description: String,
    pub(crate) status: Status,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
    pub(crate) comment_count: u32,
}

/// The ticket cannot move from its status to the requested one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MoveError {
    pub(crate) from: Status,
    pub(crate) to: Status,
}

impl Ticket {
    /// Makes a new ticket in its first state.
    pub(crate) fn open(ticket_id: TicketId, new: NewTicket, now: Time) -> Self {
        Self {
            ticket_id,
            caller_id: new.caller_id.into_string(),
            issue_description: new.issue_description.into_string(),
            status: Status::Open,
            created_at: now,
            updated_at: now,
            comments: Vec::new(),
            version: FIRST_VERSION,
        }
    }

    /// Returns the ticket as it was when it was opened.
    pub(crate) fn into_first_state(self) -> Self {
        Self {
            status: Status::Open,
            updated_at: self.created_at,
            comments: Vec::new(),
            version: FIRST_VERSION,
            ..self
        }
    }

    /// Returns whether the ticket has to move, or an error if the ticket cannot move to `to`. A request for the current
    /// status needs no move, so that a client can repeat a request. With a comment, such a request is an error, because
    /// the comment explains a move.
    pub(crate) fn moves(&self, to: Status, commented: bool) -> Result<bool, MoveError> {
        if self.status.next().contains(&to) {
            Ok(true)
        } else if self.status == to && !commented {
            Ok(false)
        } else {
            Err(MoveError { from: self.status, to })
        }
    }

    /// Returns the time of a change that is made at `now`. It is never before the last change.
    pub(crate) fn next_update(&self, now: Time) -> Time {
        now.max(self.updated_at)
    }
}

/// The version that stores give to a new item. The answer to a repeated request has to show it again.
const FIRST_VERSION: u64 = 1;
