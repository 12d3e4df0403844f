//! Quota counts in a table, beyond the suite.

use std::sync::Arc;

use items::dynamodb::layout;
use portdesk::backend::dynamodb::DynamoDb;
use portdesk::backend::suite::{self, quotas};
use portdesk::backend::{Backend, Query, QuotaStore};
use portdesk_test_support::Server;

use super::{make, settings};

quotas::quotas!(async || {
    let server = Server::start();
    make(&server).await;
    (Arc::new(open(&server).await) as quotas::SharedQuotaStore, server)
});

async fn open(server: &Server) -> DynamoDb {
    DynamoDb::open(&settings(&server.endpoint), &suite::schema()).await.unwrap()
}

#[tokio::test]
async fn hosts_that_share_a_table_share_its_counts() {
    let server = Server::start();
    make(&server).await;
    let (one, other) = (open(&server).await, open(&server).await);
    let count = quotas::count("one");
    let mut taken = 0;
    for _ in 0..5 {
        taken += one.take(&count, 7, 50).await.unwrap() + other.take(&count, 7, 50).await.unwrap();
    }
    assert_eq!(taken, 50);
    assert!(other.used(&count).await.unwrap() >= 50);
}

#[tokio::test]
async fn a_component_cannot_reach_a_count() {
    let server = Server::start();
    make(&server).await;
    let store = open(&server).await;
    store.take(&quotas::count("one"), 1, 1).await.unwrap();
    let key = layout::count_key("n", "w");
    assert!(key.len() > 128, "a key of a component has at most 128 bytes");
    for index in ["ByOwner", "ByState"] {
        let query = Query { index: index.to_owned(), value: "one".to_owned(), limit: 100, after: None };
        assert!(store.query(query).await.unwrap().items.is_empty());
    }
}

#[tokio::test]
async fn a_batch_is_a_hundredth_of_the_quota_and_at_most_50() {
    let server = Server::start();
    make(&server).await;
    let store = open(&server).await;
    assert_eq!(
        [1, 99, 100, 1_000, 10_000, 1_000_000].map(|limit| store.batch_size(limit)),
        [1, 1, 1, 10, 50, 50]
    );
}
