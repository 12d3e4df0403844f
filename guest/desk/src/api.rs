//! The HTTP layer: it finds the operation for a request, parses the request, and makes an answer from the outcome.
//!
//! The order of the checks is path, method, ticket id, query, headers, body. The store is called only after all of them.

mod body;
mod header;
pub(crate) mod message;
mod percent;
mod precondition;
mod query;
mod route;

use serde::Serialize;

use crate::desk;
use crate::env::Env;
use crate::identity::TicketId;
use crate::problem;
use crate::refusal::{Refusal, Unversioned};
use crate::ticket::{Comment, Listed, Ticket, Unmet};
use crate::time::Time;
use message::{Request, Response};
use route::{Call, Operation};

/// Answers one request. If anything goes wrong, the answer has a status for it.
#[must_use]
pub fn handle(env: Env<'_>, request: &Request) -> Response {
    let (operation, outcome) = match route::find(&request.path, &request.method) {
        Ok(Call::Options { allow, accept }) => {
            (None, Ok(Response::empty(204).with("allow", allow).with(accept, message::JSON)))
        }
        Ok(Call::Operation(operation)) => (Some(operation.id()), perform(env, &operation, request)),
        Err(refusal) => (None, Err(refusal)),
    };
    let response = outcome.unwrap_or_else(|refusal| refused(&refusal, request));
    Response { operation, ..response }
}

fn perform(env: Env<'_>, operation: &Operation, request: &Request) -> Result<Response, Refusal> {
    match operation {
        Operation::CreateTicket => create_ticket(env, request),
        Operation::ListRecentTickets => list_recent_tickets(env, request),
        Operation::GetTicketStatus { ticket } => get_ticket_status(env, ticket, request),
        Operation::UpdateTicketStatus { ticket } => update_ticket_status(env, ticket, request),
        Operation::AddTicketComment { ticket } => add_ticket_comment(env, ticket, request),
    }
}

fn create_ticket(env: Env<'_>, request: &Request) -> Result<Response, Refusal> {
    query::none(request)?;
    header::content_type(request)?;
    let key = header::idempotency_key(request)?;
    let expected = precondition::expected(request)?;
    let new = body::new_ticket(&request.body)?;
    // The ticket does not exist yet, so no version can match `If-Match`, and `If-None-Match` is always met.
    if expected.one_of.is_some() {
        return Err(Refusal::NoVersion(Unversioned::NewTicket));
    }
    let ticket = desk::create_ticket(env, new, key.as_ref())?;
    Ok(Response::json(201, &ticket)
        .with("location", alloc::format!("/tickets/{}", ticket.ticket_id))
        .with("etag", precondition::etag(ticket.version)))
}

fn list_recent_tickets(env: Env<'_>, request: &Request) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct Answer<'a> {
        tickets: &'a [Listed],
        #[serde(skip_serializing_if = "Option::is_none")]
        skipped: Option<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next_cursor: Option<&'a str>,
    }

    let list = query::list(request)?;
    let expected = precondition::expected(request)?;
    let page = desk::recent_tickets(env, &list)?;
    // A list always exists but has no entity tag, so only `*` matches it.
    match expected.check(None) {
        Ok(()) => {}
        Err(Unmet::NoneOf) => return Ok(Response::empty(304)),
        Err(Unmet::OneOf) => return Err(Refusal::NoVersion(Unversioned::List)),
    }
    let next_cursor = page.next_cursor.as_deref();
    let skipped = Some(page.skipped).filter(|count| *count > 0);
    let response = Response::json(200, &Answer { tickets: &page.tickets, skipped, next_cursor });
    Ok(match next_cursor {
        Some(cursor) => response.with("link", query::next_link(&list, cursor)),
        None => response,
    })
}

fn get_ticket_status(env: Env<'_>, ticket: &str, request: &Request) -> Result<Response, Refusal> {
    let id = ticket_id(ticket)?;
    query::none(request)?;
    let expected = precondition::expected(request)?;
    let ticket = desk::ticket(env, &id)?;
    match expected.check(Some(ticket.version)) {
        Ok(()) => Ok(ticket_as_it_is(&ticket)),
        // The client already has this version.
        Err(Unmet::NoneOf) => Ok(Response::empty(304).with("etag", precondition::etag(ticket.version))),
        Err(Unmet::OneOf) => Err(desk::Error::VersionConflict(Unmet::OneOf).into()),
    }
}

fn update_ticket_status(env: Env<'_>, ticket: &str, request: &Request) -> Result<Response, Refusal> {
    let id = ticket_id(ticket)?;
    query::none(request)?;
    header::content_type(request)?;
    let expected = precondition::expected(request)?;
    let asked = body::status_change(&request.body, expected)?;
    desk::move_ticket(env, &id, asked).map(|ticket| ticket_as_it_is(&ticket)).map_err(Refusal::from)
}

fn add_ticket_comment(env: Env<'_>, ticket: &str, request: &Request) -> Result<Response, Refusal> {
    #[derive(Serialize)]
    struct Answer<'a> {
        success: bool,
        ticket_id: &'a TicketId,
        comment: &'a Comment,
        updated_at: Time,
    }

    let id = ticket_id(ticket)?;
    query::none(request)?;
    header::content_type(request)?;
    let key = header::idempotency_key(request)?;
    let expected = precondition::expected(request)?;
    let new = body::new_comment(&request.body, expected)?;
    let comment = desk::add_comment(env, &id, new, key.as_ref())?;
    let answer = Answer { success: true, ticket_id: &id, comment: &comment, updated_at: comment.created_at };
    Ok(Response::json(200, &answer))
}

fn ticket_id(segment: &str) -> Result<TicketId, Refusal> {
    TicketId::parse(segment).ok_or_else(|| Refusal::NoTicket(segment.into()))
}

fn refused(refusal: &Refusal, request: &Request) -> Response {
    let problem = problem::describe(refusal);
    let response = Response::of_type(header::problem_type(request), problem.status, &problem);
    problem.header.into_iter().fold(response, |response, (name, value)| response.with(name, value))
}

fn ticket_as_it_is(ticket: &Ticket) -> Response {
    Response::json(200, ticket).with("etag", precondition::etag(ticket.version))
}
