//! What the embedded store promises beyond `suite`.

mod counting;
mod damage;
mod opening;
mod plans;
mod reading;
mod writing;

use std::path::Path;
use std::sync::Arc;

use super::Embedded;
use crate::backend::suite::{self, Store};

fn open(dir: &Path) -> Store {
    Arc::new(Embedded::open(dir, &suite::schema()).unwrap())
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
