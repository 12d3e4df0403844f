//! Maps every path and method of the API to its operation.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::api::header::{ACCEPT_PATCH, ACCEPT_POST};
use crate::api::percent;
use crate::refusal::Refusal;

/// The result of routing a path and a method.
pub(crate) enum Call {
    Operation(Operation),
    /// An `OPTIONS` request. `accept` is the name of the header that lists the media type which the writing method of
    /// this path accepts.
    Options {
        allow: &'static str,
        accept: &'static str,
    },
}

/// An operation. `ticket` is a decoded segment of the path, which may not be a valid ticket id.
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
    let place = Place::at(path).ok_or_else(|| nowhere(path))?;
    let (allow, accept) = match place {
        Place::Tickets => ("GET, HEAD, OPTIONS, POST", ACCEPT_POST),
        Place::Ticket(_) => ("GET, HEAD, OPTIONS, PATCH", ACCEPT_PATCH),
        Place::Comments(_) => ("OPTIONS, POST", ACCEPT_POST),
    };
    let operation = match (place, method) {
        (_, "OPTIONS") => return Ok(Call::Options { allow, accept }),
        (Place::Tickets, "GET" | "HEAD") => Operation::ListRecentTickets,
        (Place::Tickets, "POST") => Operation::CreateTicket,
        (Place::Ticket(ticket), "GET" | "HEAD") => Operation::GetTicketStatus { ticket: ticket.into() },
        (Place::Ticket(ticket), "PATCH") => Operation::UpdateTicketStatus { ticket: ticket.into() },
        (Place::Comments(ticket), "POST") => Operation::AddTicketComment { ticket: ticket.into() },
        (_, _) => return Err(Refusal::MethodNotAllowed { allow }),
    };
    Ok(Call::Operation(operation))
}

/// A path that exists in the API. The ticket is a decoded segment of the path.
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

/// Makes the refusal of an unknown path. Many programs add a slash at the end of a path, which is easy to overlook; the
/// refusal then names the path without it.
fn nowhere(path: &str) -> Refusal {
    match path.strip_suffix('/').filter(|path| Place::at(path).is_some()) {
        Some(path) => Refusal::UnknownPathButFor { path: path.into() },
        None => Refusal::UnknownPath,
    }
}

/// Returns the decoded segments of a path. Every route has at most three segments, so the fourth one holds the rest of
/// the path and only shows that the path is too long.
fn segments(path: &str) -> Option<[Option<Cow<'_, str>>; 4]> {
    let mut segments = path.strip_prefix('/')?.splitn(4, '/').map(percent::decode);
    let mut next = || segments.next().map_or(Some(None), |segment| segment.map(Some));
    Some([next()?, next()?, next()?, next()?])
}
