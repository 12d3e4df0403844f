//! What this store promises beyond `suite`, against a real server.

mod component;
mod counting;
mod failing;
mod others;
mod starting;
mod tables;

use std::sync::Arc;
use std::time::Duration;

use portdesk_test_support::Server;

use super::table::Table;
use super::{DynamoDb, Settings};
use crate::backend::suite::{self, SharedBackend};
use crate::telemetry::Counter;

suite::conformance!(async || {
    let server = Server::start();
    (store(&server).await, server)
});

#[tokio::test]
async fn what_was_answered_is_there_again() {
    let server = Server::start();
    make(&server).await;
    suite::reopened::what_was_answered_is_there_again(async || open(&server).await).await;
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let server = Server::start();
    make(&server).await;
    suite::reopened::a_closed_store_is_unavailable(async || open(&server).await).await;
}

/// A store over an empty table.
async fn store(server: &Server) -> SharedBackend {
    make(server).await;
    open(server).await
}

async fn make(server: &Server) {
    let table = Table::connect(&settings(&server.endpoint), &suite::schema()).await.unwrap();
    assert!(table.create().await.unwrap());
    table.wait(|_| {}).await.unwrap();
}

async fn open(server: &Server) -> SharedBackend {
    Arc::new(DynamoDb::open(&settings(&server.endpoint), &suite::schema()).await.unwrap())
}

fn settings(endpoint: &str) -> Settings {
    Settings {
        table: "items".to_owned(),
        region: None,
        endpoint: Some(endpoint.parse().unwrap()),
        attempts: 3,
        // A tenth of it is an attempt's, and a machine that is busy with tests answers late.
        time_limit: Duration::from_mins(5),
        retries: Counter::default(),
    }
}
