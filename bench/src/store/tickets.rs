//! Data sets. A data set of a given size always has the same tickets.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use futures_util::stream::{self, TryStreamExt};
use portdesk::backend::embedded::Embedded;
use portdesk::backend::{Backend, Fields};
use tokio::runtime::Runtime;

use crate::load::LISTED;
use crate::native_desk;

/// Makes a data set. Existing tickets do not change. Prints the progress of a large data set on standard error.
pub(crate) fn fill(folder: &Path, tickets: u32) -> Result<()> {
    fs::create_dir_all(folder).context("a data folder")?;
    let store = open(folder)?;
    Runtime::new()?.block_on(async {
        let insert = |number| {
            if number > 0 && number % SHOWN == 0 {
                eprintln!("{number} of {tickets} tickets");
            }
            insert(&store, number)
        };
        let filled = stream::iter((0..tickets).map(Ok)).try_for_each_concurrent(AT_ONCE, insert).await;
        store.close().await;
        filled
    })
}

/// Opens the embedded store with the desk's schema.
pub(super) fn open(folder: &Path) -> Result<Embedded> {
    Ok(Embedded::open(folder, &native_desk::description().schema)?)
}

/// Stores the ticket with this number, if it does not exist.
pub(super) async fn insert(store: &Embedded, number: u32) -> Result<()> {
    let id = id(number);
    store.insert(&id, fields(number), &id).await?;
    Ok(())
}

/// Returns the id of a ticket. Ids with adjacent numbers are far apart in the index, as random ids are.
pub(super) fn id(number: u32) -> String {
    let scattered = number.wrapping_mul(0x9e37_79b1);
    format!("{scattered:08x}-0000-4000-8000-{number:012x}")
}

/// Returns the caller of a ticket. Each caller has a page of tickets.
pub(super) fn caller(number: u32) -> String {
    format!("caller-{}", number as usize / LISTED)
}

/// Returns the time of a ticket, which is one second after that of the ticket before.
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

/// The store commits up to a quarter of these inserts together, and its queue has room for all of them.
const AT_ONCE: usize = 512;
/// The progress is printed after each multiple of this number of tickets.
const SHOWN: u32 = 100_000;
/// 2025-01-01.
const FIRST_SECOND: i64 = 1_735_689_600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_form_of_ticket_ids_and_a_caller_has_a_page() {
        assert_eq!(id(1), "9e3779b1-0000-4000-8000-000000000001");
        assert_eq!(caller(9), caller(0));
        assert_ne!(caller(10), caller(0));
    }

    #[test]
    fn a_data_set_can_be_read_and_made_again() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            fill(folder.path(), 30).unwrap();
        }
        let store = open(folder.path()).unwrap();
        let found = Runtime::new().unwrap().block_on(store.get(&id(29))).unwrap().unwrap();
        assert_eq!((found.version, found.fields), (1, fields(29).into()));
    }
}
