//! The five operations. Each makes as few calls of the store as possible.

use alloc::string::String;
use alloc::vec::Vec;

use crate::env::Env;
use crate::identity::{self, CommentId, IdempotencyKey, TicketId};
use crate::record;
use crate::store::{self, Change, Insert, Query, Update};
use crate::ticket::status::Status;
use crate::ticket::{
    Author, CallerId, Comment, Listed, Move, MoveError, NewComment, NewTicket, Ticket, Unmet,
};
use crate::time::Time;

/// The reason why an operation failed.
#[derive(Debug)]
pub(crate) enum Error {
    /// The time of the clock is outside the years that a ticket can have.
    Clock,
    /// The ticket is in a final status.
    CommentsClosed(Status),
    /// At every attempt, another change of the ticket came first.
    Contended,
    /// The ticket has reached the limit of comments or of its size.
    Full,
    IllegalMove(MoveError),
    /// The idempotency key belongs to another ticket or comment.
    KeyReused,
    NoTicket(TicketId),
    Store(store::Error),
    /// The version of the ticket does not meet the conditions of the client.
    VersionConflict(Unmet),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<record::RecordError> for Error {
    fn from(record::RecordError: record::RecordError) -> Self {
        Self::Store(store::Error::Corrupt)
    }
}

impl From<Unmet> for Error {
    fn from(unmet: Unmet) -> Self {
        Self::VersionConflict(unmet)
    }
}

impl From<MoveError> for Error {
    fn from(illegal: MoveError) -> Self {
        Self::IllegalMove(illegal)
    }
}

/// Selects the tickets to list.
#[derive(Debug)]
pub(crate) struct RecentTickets {
    pub(crate) caller: CallerId,
    /// The largest number of tickets to list; 1 to 100.
    pub(crate) limit: u32,
    pub(crate) cursor: Option<String>,
}

/// A page of a list of tickets.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) tickets: Vec<Listed>,
    /// The number of tickets on this page that are left out because they cannot be read.
    pub(crate) skipped: usize,
    pub(crate) next_cursor: Option<String>,
}

/// Opens a ticket. If an earlier request with the same key opened the same ticket, returns this ticket as it was then.
pub(crate) fn create_ticket(
    env: Env<'_>,
    new: NewTicket,
    key: Option<&IdempotencyKey>,
) -> Result<Ticket, Error> {
    let says = [new.caller_id.as_str(), new.issue_description.as_str()];
    let id = TicketId::new(key, env.random);
    let opening = identity::opening_id(key, &says, &id);
    let ticket = Ticket::open(id, new, env.now()?);
    match env.store.insert(ticket.ticket_id.as_str(), record::fields(&ticket), &opening)? {
        Insert::Inserted(version) => Ok(Ticket { version, ..ticket }),
        Insert::Repeated(item) => Ok(record::ticket(item)?.into_first_state()),
        Insert::Exists(_) if key.is_some() => Err(Error::KeyReused),
        // Two random ids are equal. A repeated request gets a new id.
        Insert::Exists(_) => Err(Error::Contended),
    }
}

/// Returns the current ticket.
pub(crate) fn ticket(env: Env<'_>, id: &TicketId) -> Result<Ticket, Error> {
    let item = env.store.get(id.as_str())?.ok_or_else(|| Error::NoTicket(id.clone()))?;
    Ok(record::ticket(item)?)
}

/// Adds a comment to a ticket. This is one call of the store, without reading the ticket first; only a condition on the
/// version that names no single version (`If-None-Match`, for example) needs a read. If an earlier request with the same
/// key added the same comment, returns this comment, whatever version the ticket has now.
pub(crate) fn add_comment(
    env: Env<'_>,
    id: &TicketId,
    new: NewComment,
    key: Option<&IdempotencyKey>,
) -> Result<Comment, Error> {
    let NewComment { comment, author, expected } = new;
    let mut comment = Comment {
        comment_id: CommentId::new(key, id, env.random),
        comment: comment.into_string(),
        author: author.map(Author::into_string),
        created_at: env.now()?,
    };
    let mut at_version = expected.named();
    if at_version.is_none() && !expected.admits_all() {
        let ticket = ticket(env, id)?;
        if let Some(made) = ticket.comments.into_iter().find(|made| made.comment_id == comment.comment_id) {
            return repeated(made, &comment);
        }
        expected.check(Some(ticket.version))?;
        at_version = Some(ticket.version);
    }
    let mut touch = Touch::UnlessLater;
    for _ in 0..=RACES_LIMIT {
        match env.store.update(id.as_str(), commenting(env, &comment, at_version, touch))? {
            Update::Updated(_) => return Ok(comment),
            Update::Duplicate(entry) => {
                return repeated(record::comment(entry, comment.created_at), &comment);
            }
            Update::Refused(item) => {
                let ticket = record::ticket(item)?;
                if Status::FINAL.contains(&ticket.status) {
                    return Err(Error::CommentsClosed(ticket.status));
                }
                // There are two reasons for a greater `updated_at`. The clock of another host, or of this host before a
                // restart, is ahead of this clock. Or another program wrote `updated_at` in a form whose byte order
                // differs from the order of times.
                touch = if ticket.updated_at < comment.created_at {
                    at_version = Some(ticket.version);
                    Touch::Always
                } else {
                    Touch::Never
                };
                comment.created_at = ticket.next_update(comment.created_at);
            }
            Update::Stale(newer) => {
                expected.check(Some(newer.version))?;
                at_version = Some(newer.version);
            }
            Update::Full => return Err(Error::Full),
            Update::Missing => return Err(Error::NoTicket(id.clone())),
        }
    }
    Err(Error::Contended)
}

/// Returns the stored comment with this id if it has the same text and author as the requested comment.
fn repeated(made: Comment, asked: &Comment) -> Result<Comment, Error> {
    let same = (&made.comment, &made.author) == (&asked.comment, &asked.author);
    if same { Ok(made) } else { Err(Error::KeyReused) }
}

/// Whether a comment sets `updated_at` of its ticket to its own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Touch {
    /// Yes, but the store refuses the comment if the ticket has a later time.
    UnlessLater,
    /// Yes, whatever time the ticket has.
    Always,
    /// No. The ticket has a later time, and the times of a ticket never go back.
    Never,
}

fn commenting(env: Env<'_>, comment: &Comment, at_version: Option<u64>, touch: Touch) -> Change {
    let time = || [record::updated_at(comment.created_at)].into();
    Change {
        id: identity::change_id(env.random),
        at_version,
        unless: Status::FINAL.map(record::status).into(),
        unless_above: if touch == Touch::UnlessLater { time() } else { Vec::new() },
        set: if touch == Touch::Never { Vec::new() } else { time() },
        append: Some(record::append(comment)),
    }
}

/// Lists the tickets of a caller, the newest first. Tickets that cannot be read (another program stored them, for
/// example) are left out and counted, so that one damaged ticket does not hide the others.
pub(crate) fn recent_tickets(env: Env<'_>, list: &RecentTickets) -> Result<Page, Error> {
    let page = env.store.query(Query {
        index: record::CALLER_INDEX.into(),
        value: list.caller.as_str().into(),
        limit: list.limit,
        cursor: list.cursor.clone(),
    })?;
    let stored = page.items.len();
    let tickets: Vec<_> = page.items.into_iter().filter_map(|item| record::listed(item).ok()).collect();
    Ok(Page { skipped: stored - tickets.len(), tickets, next_cursor: page.cursor })
}

/// Moves a ticket to another status. If another change comes first, tries again with the new state of the ticket, as
/// long as this state meets the conditions of the client.
pub(crate) fn move_ticket(env: Env<'_>, id: &TicketId, asked: Move) -> Result<Ticket, Error> {
    let mut ticket = ticket(env, id)?;
    let comment_id = CommentId::new(None, id, env.random);
    let mut comment = asked.comment.map(|comment| Comment {
        comment_id,
        comment: comment.into_string(),
        author: None,
        created_at: ticket.updated_at,
    });
    for _ in 0..=RACES_LIMIT {
        asked.expected.check(Some(ticket.version))?;
        if !ticket.moves(asked.status, comment.is_some())? {
            return Ok(ticket);
        }
        let now = ticket.next_update(env.now()?);
        comment = comment.map(|comment| Comment { created_at: now, ..comment });
        let change = moving(env, &ticket, asked.status, now, comment.as_ref());
        match env.store.update(id.as_str(), change)? {
            Update::Updated(version) => {
                ticket.comments.extend(comment);
                return Ok(Ticket { status: asked.status, updated_at: now, version, ..ticket });
            }
            // The store applied the change, but lost the answer of its own first attempt and tried again. If the ticket
            // cannot be read now, the error must not claim that nothing was stored.
            Update::Duplicate(_) => {
                return self::ticket(env, id).map_err(|_| Error::Store(store::Error::Unknown));
            }
            Update::Stale(newer) | Update::Refused(newer) => ticket = record::ticket(newer)?,
            Update::Full => return Err(Error::Full),
            Update::Missing => return Err(Error::NoTicket(id.clone())),
        }
    }
    Err(Error::Contended)
}

fn moving(env: Env<'_>, from: &Ticket, to: Status, now: Time, comment: Option<&Comment>) -> Change {
    Change {
        id: identity::change_id(env.random),
        at_version: Some(from.version),
        unless: Vec::new(),
        unless_above: Vec::new(),
        set: [record::status(to), record::updated_at(now)].into(),
        append: comment.map(record::append),
    }
}

/// The number of further attempts after another change came first.
const RACES_LIMIT: u32 = 8;
