//! Converts tickets to and from stored items. Other programs may rely on the names and the forms of the stored fields.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::identity::{CommentId, TicketId};
use crate::store::{Append, Entry, Fields, Item, Summary};
use crate::ticket::status::Status;
use crate::ticket::{COMMENTS_LIMIT, Comment, Listed, Ticket};
use crate::time::Time;

pub(crate) const TICKET_ID: &str = "ticket_id";
pub(crate) const CALLER_ID: &str = "caller_id";
pub(crate) const CREATED_AT: &str = "created_at";
pub(crate) const COMMENTS: &str = "comments";
pub(crate) const COMMENT_ID: &str = "comment_id";
/// The fields that every ticket has.
pub(crate) const FIELDS: [&str; 5] = [CALLER_ID, CREATED_AT, ISSUE_DESCRIPTION, STATUS, UPDATED_AT];
pub(crate) const CALLER_INDEX: &str = "CallerIdIndex";

/// The stored item is not a ticket: a field is missing or cannot be read.
#[derive(Debug)]
pub(crate) struct RecordError;

/// Returns the fields to store for a new ticket.
pub(crate) fn fields(ticket: &Ticket) -> Fields {
    Vec::from([
        field(CALLER_ID, &ticket.caller_id),
        field(CREATED_AT, &ticket.created_at),
        field(ISSUE_DESCRIPTION, &ticket.issue_description),
        field(STATUS, &ticket.status),
        field(UPDATED_AT, &ticket.updated_at),
    ])
}

/// Returns the field with the time of the last change.
pub(crate) fn updated_at(time: Time) -> (String, String) {
    field(UPDATED_AT, &time)
}

/// Returns the field with the status.
pub(crate) fn status(status: Status) -> (String, String) {
    field(STATUS, &status)
}

/// Returns the append that adds a comment to a ticket.
pub(crate) fn append(comment: &Comment) -> Append {
    let author = comment.author.as_ref().map(|author| field(AUTHOR, author));
    let rest = [field(COMMENT, &comment.comment), field(CREATED_AT, &comment.created_at)];
    let entry =
        Entry { id: comment.comment_id.as_str().into(), fields: author.into_iter().chain(rest).collect() };
    Append { list: COMMENTS.into(), entry, max_entries: COMMENTS_LIMIT }
}

/// Reads a ticket from an item.
pub(crate) fn ticket(item: Item) -> Result<Ticket, RecordError> {
    let Item { key, version, fields, lists } = item;
    let comments = lists.into_iter().find(|(name, _)| name == COMMENTS).map(|(_, entries)| entries);
    let TicketFields { caller_id, issue_description, status, created_at, updated_at } =
        ticket_fields(fields)?;
    Ok(Ticket {
        ticket_id: TicketId::parse(key).ok_or(RecordError)?,
        caller_id,
        issue_description,
        status,
        created_at,
        updated_at,
        comments: comments.unwrap_or_default().into_iter().map(|entry| comment(entry, created_at)).collect(),
        version,
    })
}

/// Reads a ticket from a summary of an index.
pub(crate) fn listed(summary: Summary) -> Result<Listed, RecordError> {
    let Summary { key, version: _, fields, counts } = summary;
    let TicketFields { caller_id, issue_description, status, created_at, updated_at } =
        ticket_fields(fields)?;
    Ok(Listed {
        ticket_id: TicketId::parse(key).ok_or(RecordError)?,
        caller_id,
        issue_description,
        status,
        created_at,
        updated_at,
        comment_count: counts.iter().find(|(name, _)| name == COMMENTS).map_or(0, |(_, count)| *count),
    })
}

/// Reads a comment from an entry, which another program may have stored. A comment without a time gets the time
/// `otherwise`. If the entry is a plain text without fields, the store shows this text as a field with the name of the
/// list.
pub(crate) fn comment(entry: Entry, otherwise: Time) -> Comment {
    let Entry { id, mut fields } = entry;
    let text = take(&mut fields, COMMENT).or_else(|_| take(&mut fields, COMMENTS));
    Comment {
        comment_id: CommentId::stored(id),
        comment: text.unwrap_or_default(),
        author: take(&mut fields, AUTHOR).ok(),
        created_at: take_time(&mut fields, CREATED_AT).unwrap_or(otherwise),
    }
}

fn field(name: &str, value: &impl ToString) -> (String, String) {
    (name.into(), value.to_string())
}

/// The parsed fields of a ticket.
struct TicketFields {
    caller_id: String,
    issue_description: String,
    status: Status,
    created_at: Time,
    updated_at: Time,
}

/// Parses the fields of a ticket. Begins with the last name, because [`take`] searches from the end.
///
/// If another program stored an `updated_at` before `created_at`, the ticket gets `created_at` for both.
fn ticket_fields(mut fields: Fields) -> Result<TicketFields, RecordError> {
    let updated_at = take_time(&mut fields, UPDATED_AT)?;
    let status = take_status(&mut fields)?;
    let issue_description = take(&mut fields, ISSUE_DESCRIPTION)?;
    let created_at = take_time(&mut fields, CREATED_AT)?;
    let caller_id = take(&mut fields, CALLER_ID)?;
    Ok(TicketFields {
        caller_id,
        issue_description,
        status,
        created_at,
        updated_at: updated_at.max(created_at),
    })
}

fn take_time(fields: &mut Fields, name: &str) -> Result<Time, RecordError> {
    Time::parse(&take(fields, name)?).ok_or(RecordError)
}

fn take_status(fields: &mut Fields) -> Result<Status, RecordError> {
    Status::parse(&take(fields, STATUS)?).ok_or(RecordError)
}

/// Removes a field and returns its value. Searches from the end: fields are sorted, and removing the last one does not
/// move any other.
fn take(fields: &mut Fields, name: &str) -> Result<String, RecordError> {
    let at = fields.iter().rposition(|(field, _)| field == name).ok_or(RecordError)?;
    Ok(fields.swap_remove(at).1)
}

const ISSUE_DESCRIPTION: &str = "issue_description";
const STATUS: &str = "status";
const UPDATED_AT: &str = "updated_at";
const COMMENT: &str = "comment";
const AUTHOR: &str = "author";
