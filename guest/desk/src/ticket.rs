//! What a ticket is, and the rules that hold for it whatever stores it and whoever asks.

pub(crate) mod status;
pub(crate) mod text;

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::identity::{CommentId, TicketId};
use crate::time::Time;
use status::Status;
use text::Text;

/// Who has the issue, as the client names them.
pub(crate) type CallerId = Text<128>;
/// What the issue is.
pub(crate) type Description = Text<4000>;
/// What a comment says.
pub(crate) type Remark = Text<4000>;
/// Who wrote a comment, as the client names them.
pub(crate) type Author = Text<128>;

/// The most comments that a ticket takes.
pub(crate) const COMMENTS_LIMIT: u32 = 500;

/// What a client says to open a ticket.
#[derive(Debug)]
pub(crate) struct NewTicket {
    pub(crate) caller_id: CallerId,
    pub(crate) issue_description: Description,
}

/// What a client says to comment on a ticket.
#[derive(Debug)]
pub(crate) struct NewComment {
    pub(crate) comment: Remark,
    pub(crate) author: Option<Author>,
    pub(crate) expected: Expected,
}

/// What a client says to move a ticket.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) status: Status,
    pub(crate) comment: Option<Remark>,
    pub(crate) expected: Expected,
}

/// Which versions of a ticket a client asks for: one of the first, and none of the second, where it says so.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) one_of: Option<Versions>,
    pub(crate) none_of: Option<Versions>,
}

/// Versions that a client names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Versions {
    /// Whatever there is.
    Any,
    Listed(Vec<u64>),
}

/// What the client asked for and is not so. Where both are not so, the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unmet {
    OneOf,
    NoneOf,
}

impl Expected {
    /// Whether what has this version is what the client asks for. None is the version of what exists and has none.
    pub(crate) fn check(&self, version: Option<u64>) -> Result<(), Unmet> {
        if self.one_of.as_ref().is_some_and(|versions| !versions.contain(version)) {
            Err(Unmet::OneOf)
        } else if self.none_of.as_ref().is_some_and(|versions| versions.contain(version)) {
            Err(Unmet::NoneOf)
        } else {
            Ok(())
        }
    }

    /// Whether every version meets it.
    pub(crate) fn admits_all(&self) -> bool {
        let names_none = |versions: &Versions| *versions == Versions::Listed(Vec::new());
        matches!(self.one_of, None | Some(Versions::Any)) && self.none_of.as_ref().is_none_or(names_none)
    }

    /// A version that meets it, where the client names one.
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

/// A ticket, its members in the order in which clients see them.
///
/// Its texts are plain strings: a ticket that another program stored is shown as it is, even past the limits that
/// new texts have. `updated_at` is never before `created_at`, though a clock may have been set back in between.
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

/// A comment on a ticket; never changes.
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

/// A status that a ticket cannot move to from where it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MoveError {
    pub(crate) from: Status,
    pub(crate) to: Status,
}

impl Ticket {
    /// A new ticket in its first state.
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

    /// The state that the ticket had when it was opened.
    pub(crate) fn into_first_state(self) -> Self {
        Self {
            status: Status::Open,
            updated_at: self.created_at,
            comments: Vec::new(),
            version: FIRST_VERSION,
            ..self
        }
    }

    /// Whether `to` is a move at all. That a ticket is where it shall go already is no fault, so that a client may
    /// repeat itself; but a comment that explains a move needs a move.
    pub(crate) fn moves(&self, to: Status, commented: bool) -> Result<bool, MoveError> {
        if self.status.next().contains(&to) {
            Ok(true)
        } else if self.status == to && !commented {
            Ok(false)
        } else {
            Err(MoveError { from: self.status, to })
        }
    }

    /// When a change that is made `now` counts as made: not before the last one.
    pub(crate) fn next_update(&self, now: Time) -> Time {
        now.max(self.updated_at)
    }
}

/// What stores give to an item that was just inserted. A replayed answer has to name it again.
const FIRST_VERSION: u64 = 1;
