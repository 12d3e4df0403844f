//! What the embedded store promises beyond `suite`.

mod contents;
mod counting;
mod damage;
mod full;
mod log;
mod lost;
mod opening;
mod plans;
mod reading;
mod writing;

use std::path::Path;
use std::sync::Arc;

use super::{Embedded, OpenError};
use crate::backend::suite::{self, SharedBackend};

fn open(dir: &Path) -> SharedBackend {
    Arc::new(Embedded::open(dir, &suite::schema()).unwrap())
}

/// Opens a folder that a store was dropped over a moment ago: it is closed in the background.
fn wait_for(dir: &Path) -> Arc<Embedded> {
    loop {
        match Embedded::open(dir, &suite::schema()) {
            Ok(store) => return Arc::new(store),
            Err(OpenError::Locked { .. }) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

suite::conformance!(exact; async || {
    let dir = tempfile::tempdir().unwrap();
    (open(dir.path()), dir)
});

#[tokio::test]
async fn what_was_answered_is_there_again() {
    let dir = tempfile::tempdir().unwrap();
    suite::reopened::what_was_answered_is_there_again(async || open(dir.path())).await;
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let dir = tempfile::tempdir().unwrap();
    suite::reopened::a_closed_store_is_unavailable(async || open(dir.path())).await;
}
