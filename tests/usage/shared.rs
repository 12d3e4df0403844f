//! Hosts that share a table share its quotas.

use std::process::Stdio;

use super::{printed, with_quota};
use crate::harness::{Client, Process, Running, Table, on_dynamodb, serve, with_credentials};

/// Sends `count` requests. Returns how many the host admitted; it refused the others because of the quota.
async fn let_in(client: &Client, count: usize) -> u64 {
    let mut let_in = 0;
    for _ in 0..count {
        let answer = client.get("/tickets?caller=ada").await;
        if answer.status == 429 {
            assert_eq!(answer.json()["message"], "Limit Exceeded");
        } else {
            answer.expect(200);
            let_in += 1;
        }
    }
    let_in
}

async fn host(table: &Table, quota: &str) -> Running {
    let flags = [&on_dynamodb(&table.server.endpoint)[..], &["--rate-limit", "plan"]].concat();
    Running::start_in(with_quota(quota), &flags).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hosts_share_one_quota() {
    let table = Table::create().await;
    let (one, other) = (host(&table, "200").await, host(&table, "200").await);
    let (here, there) = (one.client(), other.client());
    let (here, there) = tokio::join!(let_in(&here, 150), let_in(&there, 150));
    assert_eq!(here + there, 200);
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_stops_returns_the_rest_of_its_batch() {
    let table = Table::create().await;
    let first = host(&table, "500").await;
    assert_eq!(let_in(&first.client(), 3).await, 3);
    let data = first.stop().await;
    let folder = data.path().to_str().unwrap();
    let flags = ["--table", "tickets", "--region", "us-east-1", "--endpoint-url", &table.server.endpoint];
    let listed = printed(&[&["key", "list", "--data-dir", folder][..], &flags].concat());
    assert!(listed.contains("environment  plan default, 3/500 this month"), "{listed}");
}

/// A batch of a quota of 500 is 5 requests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_killed_loses_its_batch_and_no_more() {
    let table = Table::create().await;
    let data = with_quota("500");
    let mut command = with_credentials(serve(data.path(), &on_dynamodb(&table.server.endpoint)));
    let killed = Process::spawn(command.stderr(Stdio::null()));
    assert_eq!(let_in(&killed.client(), 7).await, 7);
    killed.kill();
    let next = host(&table, "500").await;
    assert_eq!(let_in(&next.client(), 510).await, 490, "two batches of five are gone");
    next.stop().await;
}
