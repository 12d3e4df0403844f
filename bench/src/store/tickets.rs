//! Data sets: as many tickets as wanted, the same ones every time.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use portdesk::backend::embedded::Embedded;
use portdesk::backend::{Backend, Fields};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::failure::Failure;
use crate::load::LISTED;
use crate::native_desk;

/// Makes a data set, with a bar on standard error. Tickets that are there already stay as they are.
pub(crate) fn fill(folder: &Path, tickets: u32) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(Failure::io("a data folder"))?;
    let store = Arc::new(open(folder)?);
    let runtime = Runtime::new().map_err(Failure::io("a runtime"))?;
    let filled = runtime.block_on(insert_all(&store, tickets));
    runtime.block_on(store.close());
    eprintln!();
    filled
}

/// As [`fill`], for few.
pub(super) fn fill_quietly(folder: &Path, tickets: u32) -> Result<(), Failure> {
    let store = open(folder)?;
    Runtime::new().map_err(Failure::io("a runtime"))?.block_on(async {
        for number in 0..tickets {
            insert(&store, &id(number), number).await?;
        }
        store.close().await;
        Ok(())
    })
}

/// The embedded store with the desk's schema.
pub(super) fn open(folder: &Path) -> Result<Embedded, Failure> {
    Ok(Embedded::open(folder, &native_desk::description().schema)?)
}

async fn insert_all(store: &Arc<Embedded>, tickets: u32) -> Result<(), Failure> {
    let mut waiting = JoinSet::new();
    for number in 0..tickets {
        if waiting.len() >= AT_ONCE
            && let Some(ended) = waiting.join_next().await
        {
            ended.map_err(|_| Failure::Thread)??;
        }
        let store = Arc::clone(store);
        waiting.spawn(async move { insert(&store, &id(number), number).await });
        if number % (tickets / BAR).max(1) == 0 {
            show(number, tickets);
        }
    }
    while let Some(ended) = waiting.join_next().await {
        ended.map_err(|_| Failure::Thread)??;
    }
    show(tickets, tickets);
    Ok(())
}

/// Stores a ticket under this id, if there is none.
pub(super) async fn insert(store: &Embedded, id: &str, number: u32) -> Result<(), Failure> {
    store.insert(id, fields(number), id).await.map(drop).map_err(Failure::Store)
}

/// The id of a ticket: neighbours lie far apart, as those of random ids do.
pub(super) fn id(number: u32) -> String {
    let scattered = number.wrapping_mul(0x9e37_79b1);
    format!("{scattered:08x}-0000-4000-8000-{number:012x}")
}

/// The caller of a ticket, who has a page of them.
pub(super) fn caller(number: u32) -> String {
    format!("caller-{}", number as usize / LISTED)
}

/// When a ticket was made: a second after the one before.
pub(super) fn made(number: u32) -> String {
    let made = jiff::Timestamp::from_second(FIRST_SECOND + i64::from(number)).unwrap_or_default();
    made.strftime("%Y-%m-%dT%H:%M:%S.000000Z").to_string()
}

fn fields(number: u32) -> Fields {
    let made = made(number);
    let fields = [
        ("caller_id", caller(number)),
        ("created_at", made.clone()),
        ("issue_description", "The VPN drops every ten minutes since the update of this morning.".to_owned()),
        ("status", "open".to_owned()),
        ("updated_at", made),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}

fn show(done: u32, all: u32) {
    let cells = u64::from(BAR) * u64::from(done) / u64::from(all.max(1));
    let bar: String = (0..u64::from(BAR)).map(|cell| if cell < cells { '#' } else { '.' }).collect();
    eprint!("\r[{bar}] {done} of {all} tickets");
}

/// The store commits a quarter of these at once, and has never more than it takes.
const AT_ONCE: usize = 512;
/// The width of the bar.
const BAR: u32 = 50;
/// 2025-01-01.
const FIRST_SECOND: i64 = 1_735_689_600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_tickets_and_all_differ() {
        assert_eq!(id(1), "9e3779b1-0000-4000-8000-000000000001");
        assert_eq!(caller(9), caller(0));
        assert_ne!(caller(10), caller(0));
    }

    #[test]
    fn a_data_set_can_be_read_and_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            fill(folder.path(), 30).unwrap();
        }
        let store = open(folder.path()).unwrap();
        let found = Runtime::new().unwrap().block_on(store.get(&id(29))).unwrap().unwrap();
        assert_eq!((found.version, found.fields), (1, fields(29).into()));
    }
}
