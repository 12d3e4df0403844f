//! What is stored at a server before it is measured: the same at every one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::Uri;
use memchr::memmem;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::connection::{Connection, Server};
use super::operation::create;
use super::runtime;
use crate::failure::Failure;

/// Tickets that are read and listed, and others that get comments: what is read stays as it is.
#[derive(Debug)]
pub(crate) struct Stock {
    callers: Vec<Caller>,
    read: Vec<Ticket>,
    commented: Vec<Ticket>,
    /// What stands in for the tickets of an empty stock.
    nobody: (Caller, Ticket),
}

#[derive(Debug)]
pub(super) struct Caller {
    /// With its quotation marks, so that it stands in the name of no other.
    pub(super) name: String,
    /// Of the caller's list.
    pub(super) path: Uri,
}

#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) id: String,
    pub(super) path: Uri,
    /// Of its comments.
    pub(super) comments: Uri,
}

impl Stock {
    /// Nothing is stored: enough for whoever only makes tickets.
    pub(crate) fn empty() -> Stock {
        let nobody = (Caller::new(0), Ticket::new(String::new()));
        Stock { callers: Vec::new(), read: Vec::new(), commented: Vec::new(), nobody }
    }

    /// Makes the tickets at a server.
    pub(crate) fn fill(server: &Server) -> Result<Stock, Failure> {
        let mut made = runtime()?.block_on(make(server))?;
        let commented = made.split_off(READ.min(made.len()));
        let callers = (0..CALLERS).map(Caller::new).collect();
        Ok(Stock { callers, read: made, commented, ..Stock::empty() })
    }

    /// What is stored already, as far as it is asked for: tickets by id, and callers who have [`LISTED`] each.
    pub(crate) fn of(read: Vec<String>, callers: impl Iterator<Item = String>) -> Stock {
        let read = read.into_iter().map(Ticket::new).collect();
        Stock { read, callers: callers.map(|name| Caller::named(&name)).collect(), ..Stock::empty() }
    }

    pub(super) fn read(&self, number: usize) -> &Ticket {
        nth(&self.read, number).unwrap_or(&self.nobody.1)
    }

    pub(super) fn commented(&self, number: usize) -> &Ticket {
        nth(&self.commented, number).unwrap_or(&self.nobody.1)
    }

    pub(super) fn caller(&self, number: usize) -> &Caller {
        nth(&self.callers, number).unwrap_or(&self.nobody.0)
    }
}

impl Caller {
    fn new(number: usize) -> Caller {
        Caller::named(&format!("caller-{number}"))
    }

    fn named(name: &str) -> Caller {
        let path = format!("/tickets?caller={name}").parse().unwrap_or_default();
        Caller { name: format!("\"{name}\""), path }
    }
}

impl Ticket {
    fn new(id: String) -> Ticket {
        let path = format!("/tickets/{id}");
        let comments = format!("{path}/comments").parse().unwrap_or_default();
        Ticket { path: path.parse().unwrap_or_default(), comments, id }
    }
}

fn nth<T>(all: &[T], number: usize) -> Option<&T> {
    all.get(number.checked_rem(all.len())?)
}

/// Makes all tickets, those first that are listed: `LISTED` of each caller.
async fn make(server: &Server) -> Result<Vec<Ticket>, Failure> {
    let turns = server.at_once.map(|most| Arc::new(Semaphore::new(most)));
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(server, turns.clone(), 0).await?;
        let next = Arc::clone(&next);
        tasks.spawn(async move {
            let mut made = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= READ + COMMENTED {
                    return Ok(made);
                }
                made.push((number, make_one(&mut connection, number).await?));
            }
        });
    }
    let mut made = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        let some: Result<_, Failure> = ended.map_err(|_| Failure::Thread)?;
        made.extend(some?);
    }
    made.sort_by_key(|(number, _)| *number);
    Ok(made.into_iter().map(|(_, ticket)| ticket).collect())
}

async fn make_one(connection: &mut Connection, number: usize) -> Result<Ticket, Failure> {
    let caller = if number < READ { number % CALLERS } else { number };
    let ask = create(&format!("caller-{caller}"));
    let answered = connection.send(&ask).await?;
    ask.check(&answered)?;
    let begin = memmem::find(&answered.body, ID.as_bytes()).unwrap_or_default() + ID.len();
    let id = answered.body.get(begin..begin + ID_BYTES).unwrap_or_default();
    Ok(Ticket::new(String::from_utf8_lossy(id).into_owned()))
}

/// What stands before the id of a ticket, and its length: a UUID.
const ID: &str = r#""ticket_id":""#;
const ID_BYTES: usize = 36;

/// How many tickets a caller has: a page of the list.
pub(crate) const LISTED: usize = 10;
const CALLERS: usize = 100;
const READ: usize = CALLERS * LISTED;
/// So many that a list of comments stays short: what a comment costs grows with it in some stores.
const COMMENTED: usize = 4000;
const CONNECTIONS: usize = 32;
