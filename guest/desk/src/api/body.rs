//! Parses the bodies of requests. Each body is a flat JSON object whose values are strings.

mod object;

use crate::refusal::{IssueKind, Refusal};
use crate::ticket::status::Status;
use crate::ticket::text::Text;
use crate::ticket::{Expected, Move, NewComment, NewTicket};
use object::Object;

pub(crate) fn new_ticket(body: &[u8]) -> Result<NewTicket, Refusal> {
    let mut object = Object::read(body, &["caller_id", "issue_description"])?;
    let caller_id = object.required("caller_id", text);
    let issue_description = object.required("issue_description", text);
    object.finish(|| Some(NewTicket { caller_id: caller_id?, issue_description: issue_description? }))
}

pub(crate) fn new_comment(body: &[u8], expected: Expected) -> Result<NewComment, Refusal> {
    let mut object = Object::read(body, &["comment", "author"])?;
    let comment = object.required("comment", text);
    let author = object.optional("author", text);
    object.finish(|| Some(NewComment { comment: comment?, author, expected }))
}

pub(crate) fn status_change(body: &[u8], expected: Expected) -> Result<Move, Refusal> {
    let mut object = Object::read(body, &["status", "comment"])?;
    let status = object.required("status", |name| Status::parse(&name).ok_or(IssueKind::Status));
    let comment = object.optional("comment", text);
    object.finish(|| Some(Move { status: status?, comment, expected }))
}

fn text<const LIMIT: usize>(text: alloc::string::String) -> Result<Text<LIMIT>, IssueKind> {
    Text::parse(text).map_err(IssueKind::Text)
}
