//! The whole API as one list: which path and method is which operation.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::api::percent;
use crate::refusal::Refusal;

/// What a path and a method ask for.
pub(crate) enum Call {
    Operation(Operation),
    Options { allow: &'static str },
}

/// An operation; `ticket` is what the path names, which may be no ticket id at all.
pub(crate) enum Operation {
    CreateTicket,
    ListRecentTickets,
    GetTicketStatus { ticket: String },
    UpdateTicketStatus { ticket: String },
    AddTicketComment { ticket: String },
}

impl Operation {
    /// The operationId in the contract.
    pub(crate) fn id(&self) -> &'static str {
        match self {
            Self::CreateTicket => "create_ticket",
            Self::ListRecentTickets => "list_recent_tickets",
            Self::GetTicketStatus { .. } => "get_ticket_status",
            Self::UpdateTicketStatus { .. } => "update_ticket_status",
            Self::AddTicketComment { .. } => "add_ticket_comment",
        }
    }
}

pub(crate) fn find(path: &str, method: &str) -> Result<Call, Refusal> {
    match segments(path)?.each_ref().map(Option::as_deref) {
        [Some("tickets"), None, ..] => tickets(method),
        [Some("tickets"), Some(ticket), None, _] if !ticket.is_empty() => one_ticket(ticket, method),
        [Some("tickets"), Some(ticket), Some("comments"), None] if !ticket.is_empty() => {
            comments(ticket, method)
        }
        _ => Err(Refusal::UnknownPath),
    }
}

fn tickets(method: &str) -> Result<Call, Refusal> {
    let allow = "GET, HEAD, OPTIONS, POST";
    match method {
        "GET" | "HEAD" => Ok(Call::Operation(Operation::ListRecentTickets)),
        "POST" => Ok(Call::Operation(Operation::CreateTicket)),
        "OPTIONS" => Ok(Call::Options { allow }),
        _ => Err(Refusal::MethodNotAllowed { allow }),
    }
}

fn one_ticket(ticket: &str, method: &str) -> Result<Call, Refusal> {
    let allow = "GET, HEAD, OPTIONS, PATCH";
    match method {
        "GET" | "HEAD" => Ok(Call::Operation(Operation::GetTicketStatus { ticket: ticket.into() })),
        "PATCH" => Ok(Call::Operation(Operation::UpdateTicketStatus { ticket: ticket.into() })),
        "OPTIONS" => Ok(Call::Options { allow }),
        _ => Err(Refusal::MethodNotAllowed { allow }),
    }
}

fn comments(ticket: &str, method: &str) -> Result<Call, Refusal> {
    let allow = "OPTIONS, POST";
    match method {
        "POST" => Ok(Call::Operation(Operation::AddTicketComment { ticket: ticket.into() })),
        "OPTIONS" => Ok(Call::Options { allow }),
        _ => Err(Refusal::MethodNotAllowed { allow }),
    }
}

/// The decoded segments of a path; four of them are one too many for any route, however long the path is.
fn segments(path: &str) -> Result<[Option<Cow<'_, str>>; 4], Refusal> {
    let path = path.strip_prefix('/').ok_or(Refusal::UnknownPath)?;
    let mut segments =
        path.splitn(4, '/').map(|segment| percent::decode(segment).ok_or(Refusal::UnknownPath));
    let mut next = || segments.next().transpose();
    Ok([next()?, next()?, next()?, next()?])
}
