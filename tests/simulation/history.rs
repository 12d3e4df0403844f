//! What clients asked and were answered, and what a sequential ticket would answer.

use std::fmt;

/// A request about one object, which is a ticket that exists or not.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) client: usize,
    pub(crate) object: u32,
    pub(crate) asked: Asked,
    /// When the client sent it.
    pub(crate) start: u64,
    /// When the client had the answer; [`NEVER`] if the answer does not say what happened.
    pub(crate) end: u64,
    pub(crate) answer: Answer,
}

/// Later than everything.
pub(crate) const NEVER: u64 = u64::MAX;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Create {
        content: u32,
    },
    Read,
    Comment {
        text: u32,
        at: Option<u64>,
    },
    Move {
        to: &'static str,
        text: Option<u32>,
        at: Option<u64>,
    },
    /// A list showed the ticket.
    Listed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done, with what the answer shows of the ticket.
    Done(Option<Seen>),
    NoTicket,
    /// The version or the status of the ticket, or the content under its key, forbids it.
    Forbidden(Reason),
    /// Refused for a reason that is not in the ticket: nothing was stored.
    Refused,
    /// The write is stored or not, now or later.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Version,
    Closed,
    Illegal,
    KeyReused,
}

/// A ticket as an answer shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Seen {
    /// Lists show no version.
    pub(crate) version: Option<u64>,
    pub(crate) content: u32,
    pub(crate) status: String,
    /// Lists show only the number of comments.
    pub(crate) comments: Vec<u32>,
    pub(crate) comment_count: usize,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// A ticket that handles one request after the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Ticket {
    content: u32,
    version: u64,
    status: &'static str,
    comments: Vec<u32>,
}

impl Operation {
    /// The ticket after the operation, if it can have happened now.
    pub(crate) fn on(&self, ticket: Option<&Ticket>) -> Option<Option<Ticket>> {
        let (right, after) = self.asked.on(ticket);
        let fits = match (&self.answer, &right) {
            // Without an effect, an operation whose outcome is unknown explains nothing.
            (Answer::Unknown, Answer::Done(_)) => after.as_ref() != ticket,
            (Answer::Done(seen), Answer::Done(_)) => {
                self.shows(seen.as_ref(), after.as_ref(), after.as_ref() != ticket)
            }
            (answer, right) => answer == right,
        };
        fits.then_some(after)
    }

    fn shows(&self, seen: Option<&Seen>, ticket: Option<&Ticket>, is_changed: bool) -> bool {
        let (Some(seen), Some(ticket)) = (seen, ticket) else { return seen.is_none() || ticket.is_some() };
        match self.asked {
            // A repeat shows the ticket as it was opened.
            Asked::Create { .. } => {
                seen.version == Some(1) && seen.status == "open" && seen.comments.is_empty()
            }
            // The answer may show later changes too. What it shows is compared as a read.
            Asked::Move { .. } if is_changed => seen.version.is_some_and(|version| version >= ticket.version),
            Asked::Listed => {
                seen.content == ticket.content
                    && seen.status == ticket.status
                    && seen.comment_count == ticket.comments.len()
            }
            Asked::Read | Asked::Comment { .. } | Asked::Move { .. } => {
                seen.version == Some(ticket.version)
                    && seen.content == ticket.content
                    && seen.status == ticket.status
                    && seen.comments == ticket.comments
            }
        }
    }
}

impl Asked {
    /// The right answer, and the ticket after it.
    fn on(&self, ticket: Option<&Ticket>) -> (Answer, Option<Ticket>) {
        let Some(ticket) = ticket else {
            return match *self {
                Asked::Create { content } => {
                    let new = Ticket { content, version: 1, status: "open", comments: Vec::new() };
                    (Answer::Done(None), Some(new))
                }
                _ => (Answer::NoTicket, None),
            };
        };
        match self.change(ticket) {
            Ok(after) => (Answer::Done(None), Some(after)),
            Err(reason) => (Answer::Forbidden(reason), Some(ticket.clone())),
        }
    }

    fn change(&self, ticket: &Ticket) -> Result<Ticket, Reason> {
        let mut after = ticket.clone();
        match *self {
            Asked::Create { content } if content != ticket.content => return Err(Reason::KeyReused),
            Asked::Create { .. } | Asked::Read | Asked::Listed => return Ok(after),
            Asked::Comment { text, .. } if ticket.comments.contains(&text) => return Ok(after),
            Asked::Comment { at, .. } | Asked::Move { at, .. }
                if at.is_some_and(|at| at != ticket.version) =>
            {
                return Err(Reason::Version);
            }
            Asked::Comment { text, .. } => {
                if FINAL.contains(&ticket.status) {
                    return Err(Reason::Closed);
                }
                after.comments.push(text);
            }
            Asked::Move { to, text, .. } => {
                if !next(ticket.status).contains(&to) {
                    return if ticket.status == to && text.is_none() {
                        Ok(after)
                    } else {
                        Err(Reason::Illegal)
                    };
                }
                after.status = to;
                after.comments.extend(text);
            }
        }
        after.version += 1;
        Ok(after)
    }
}

/// The statuses to which a ticket can move.
pub(crate) fn next(status: &str) -> &'static [&'static str] {
    match status {
        "open" => &["in_progress", "on_hold", "resolved", "cancelled"],
        "in_progress" => &["on_hold", "resolved", "cancelled"],
        "on_hold" => &["in_progress", "resolved", "cancelled"],
        "resolved" => &["open", "closed", "cancelled"],
        _ => &[],
    }
}

/// The statuses of a ticket that takes no more comments.
const FINAL: [&str; 2] = ["closed", "cancelled"];

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Operation { client, object, asked, start, end, answer } = self;
        let end = if *end == NEVER { "-".to_owned() } else { end.to_string() };
        write!(f, "{start:>9} {end:>9}  client {client}  ticket {object}  {asked:?} -> ")?;
        match answer {
            Answer::Done(Some(Seen { version, status, comments, comment_count, updated_at, .. })) => {
                write!(
                    f,
                    "version {version:?}, {status}, {comment_count} comments {comments:?}, {updated_at}"
                )
            }
            answer => write!(f, "{answer:?}"),
        }
    }
}
