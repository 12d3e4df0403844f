//! The whole API as one list: which path and method is which operation.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::api::header::{ACCEPT_PATCH, ACCEPT_POST};
use crate::api::percent;
use crate::refusal::Refusal;

/// What a path and a method ask for.
pub(crate) enum Call {
    Operation(Operation),
    /// With the header that says which media type the writing method of this path takes.
    Options {
        allow: &'static str,
        accept: &'static str,
    },
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
    match Place::at(path) {
        Some(Place::Tickets) => tickets(method),
        Some(Place::Ticket(ticket)) => one_ticket(&ticket, method),
        Some(Place::Comments(ticket)) => comments(&ticket, method),
        None => Err(nowhere(path)),
    }
}

/// Where there is something; `ticket` is what the path names, decoded.
enum Place<'a> {
    Tickets,
    Ticket(Cow<'a, str>),
    Comments(Cow<'a, str>),
}

impl<'a> Place<'a> {
    fn at(path: &'a str) -> Option<Self> {
        let [collection, ticket, part, rest] = segments(path)?;
        if collection? != "tickets" || rest.is_some() {
            return None;
        }
        match (ticket, part.as_deref()) {
            (None, _) => Some(Self::Tickets),
            (Some(ticket), None) if !ticket.is_empty() => Some(Self::Ticket(ticket)),
            (Some(ticket), Some("comments")) if !ticket.is_empty() => Some(Self::Comments(ticket)),
            (Some(_), _) => None,
        }
    }
}

/// Many programs put a slash at the end of a path, and nobody sees it there.
fn nowhere(path: &str) -> Refusal {
    match path.strip_suffix('/').filter(|path| Place::at(path).is_some()) {
        Some(path) => Refusal::UnknownPathButFor { path: path.into() },
        None => Refusal::UnknownPath,
    }
}

fn tickets(method: &str) -> Result<Call, Refusal> {
    let allow = "GET, HEAD, OPTIONS, POST";
    match method {
        "GET" | "HEAD" => Ok(Call::Operation(Operation::ListRecentTickets)),
        "POST" => Ok(Call::Operation(Operation::CreateTicket)),
        "OPTIONS" => Ok(Call::Options { allow, accept: ACCEPT_POST }),
        _ => Err(Refusal::MethodNotAllowed { allow }),
    }
}

fn one_ticket(ticket: &str, method: &str) -> Result<Call, Refusal> {
    let allow = "GET, HEAD, OPTIONS, PATCH";
    match method {
        "GET" | "HEAD" => Ok(Call::Operation(Operation::GetTicketStatus { ticket: ticket.into() })),
        "PATCH" => Ok(Call::Operation(Operation::UpdateTicketStatus { ticket: ticket.into() })),
        "OPTIONS" => Ok(Call::Options { allow, accept: ACCEPT_PATCH }),
        _ => Err(Refusal::MethodNotAllowed { allow }),
    }
}

fn comments(ticket: &str, method: &str) -> Result<Call, Refusal> {
    let allow = "OPTIONS, POST";
    match method {
        "POST" => Ok(Call::Operation(Operation::AddTicketComment { ticket: ticket.into() })),
        "OPTIONS" => Ok(Call::Options { allow, accept: ACCEPT_POST }),
        _ => Err(Refusal::MethodNotAllowed { allow }),
    }
}

/// The decoded segments of a path; four of them are one too many for any route, however long the path is.
fn segments(path: &str) -> Option<[Option<Cow<'_, str>>; 4]> {
    let mut segments = path.strip_prefix('/')?.splitn(4, '/').map(percent::decode);
    let mut next = || segments.next().map_or(Some(None), |segment| segment.map(Some));
    Some([next()?, next()?, next()?, next()?])
}
