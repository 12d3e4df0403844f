//! The tickets that every server has before it is measured.

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use hyper::Uri;
use memchr::memmem;

use super::connection::{Connection, Server};
use super::operation::create;
use super::runtime;

/// Some tickets are read and listed. Other tickets get the comments, so that the first ones never change. A default stock is
/// empty; then a measurement can only create tickets.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    pub(super) callers: Vec<Caller>,
    pub(super) read: Vec<Ticket>,
    pub(super) commented: Vec<Ticket>,
}

#[derive(Debug)]
pub(super) struct Caller {
    /// The name with its quotation marks, so that it is not found within another name.
    pub(super) name: String,
    /// The path of the caller's list.
    pub(super) path: Uri,
}

#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) id: String,
    pub(super) path: Uri,
    /// The path of the ticket's comments.
    pub(super) comments: Uri,
}

impl Stock {
    /// Creates the tickets at a server.
    pub(crate) fn fill(server: &Server) -> Result<Stock> {
        let connections = (0..CONNECTIONS).map(|first| create_some(server, first));
        let mut created: Vec<_> =
            runtime()?.block_on(try_join_all(connections))?.into_iter().flatten().collect();
        created.sort_by_key(|(number, _)| *number);
        let mut tickets = created.into_iter().map(|(_, ticket)| ticket);
        let read = tickets.by_ref().take(READ).collect();
        let callers = (0..CALLERS).map(|caller| Caller::new(&format!("caller-{caller}"))).collect();
        Ok(Stock { callers, read, commented: tickets.collect() })
    }

    /// A stock of tickets that are stored already, and of callers with [`LISTED`] tickets each.
    pub(crate) fn of(read: Vec<String>, callers: impl Iterator<Item = String>) -> Stock {
        let read = read.into_iter().map(Ticket::new).collect();
        Stock { read, callers: callers.map(|name| Caller::new(&name)).collect(), commented: Vec::new() }
    }
}

impl Caller {
    fn new(name: &str) -> Caller {
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

/// Creates every ticket whose number belongs to this connection.
async fn create_some(server: &Server, first: usize) -> Result<Vec<(usize, Ticket)>> {
    let mut connection = Connection::open(server, first).await?;
    let mut created = Vec::new();
    for number in (first..READ + COMMENTED).step_by(CONNECTIONS) {
        let caller = if number < READ { number % CALLERS } else { number };
        let ask = create(&format!("caller-{caller}"));
        let answered = connection.send(&ask).await?;
        ask.check(&answered)?;
        let id = id(&answered.body).context("the answer has no ticket_id")?;
        created.push((number, Ticket::new(id)));
    }
    Ok(created)
}

/// Returns the id of the ticket in an answer.
fn id(body: &[u8]) -> Option<String> {
    let begin = memmem::find(body, ID.as_bytes())? + ID.len();
    Some(String::from_utf8_lossy(body.get(begin..begin + ID_BYTES)?).into_owned())
}

/// The text before the id of a ticket, and the length of the id, which is a UUID.
const ID: &str = r#""ticket_id":""#;
const ID_BYTES: usize = 36;

/// The number of tickets of each caller, which is the number of tickets on a page.
pub(crate) const LISTED: usize = 10;
const CALLERS: usize = 100;
const READ: usize = CALLERS * LISTED;
/// So many tickets that none gets many comments: in some stores, the cost of a comment grows with the number of comments.
const COMMENTED: usize = 4000;
const CONNECTIONS: usize = 32;
