//! Comments over a store that fails all the time: what was acknowledged is there exactly once, what was not is there at
//! most once, and each writer's comments stand in the order in which it made them.
//!
//! A fifth of all requests to DynamoDB meet a fault, half of these after the write was applied. Writers do what the
//! contract asks of them: they repeat what was not acknowledged, under the same key, and never hear that it is their
//! fault.
//!
//! `PORTDESK_APPENDS=20000 cargo test --release -p portdesk-tests faulty_store -- --nocapture` prints the figures for as many
//! comments as one likes.

mod both;
mod verdict;
mod writer;

use std::env;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::faults::{Fault, Plan, Proxy};
use crate::harness::{Client, HostOnDynamo, PATIENT, Table};
use verdict::Verdict;
use writer::{Attempt, Writer};

const WRITERS: usize = 64;
/// The most tickets that the comments are spread over.
const TICKETS: usize = 50;
/// Comments of an ordinary test run.
const APPENDS: usize = 600;
/// The share of the requests that meet a fault.
const SHARE: f64 = 0.2;
/// Half of them show when the write is done.
const FAULTS: [Fault; 8] = [
    Fault::Refused("ProvisionedThroughputExceededException"),
    Fault::ErrorBefore,
    Fault::HangBefore,
    Fault::ResetBefore,
    Fault::ErrorAfter,
    Fault::HangAfter,
    Fault::ResetAfter,
    // Later than a host waits for one attempt: a tenth of thirty seconds.
    Fault::Slow(Duration::from_secs(4)),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_comment_is_there_once_and_no_other_twice() {
    let appends = env::var("PORTDESK_APPENDS")
        .map_or(APPENDS, |count| count.parse().expect("PORTDESK_APPENDS is a number"));
    let table = Table::create().await;
    let proxy = Proxy::start(&table.server.endpoint, Plan::none()).await;
    let host = HostOnDynamo::start(&proxy.url, &PATIENT);
    let tickets = tickets(&host.client(), appends).await;
    proxy.take_requests();

    proxy.follow(Plan::random(20, SHARE, &FAULTS));
    let begun = Instant::now();
    let attempts = comment(&host.client(), &tickets, appends).await;
    let elapsed = begun.elapsed();
    proxy.follow(Plan::none());

    let (requests, faults) = (proxy.take_requests(), proxy.take_faults());
    let mut verdict = Verdict::of(&attempts);
    for ticket in &tickets {
        verdict.look_at(&host.client().get(ticket).await.expect(200).json(), ticket, &attempts);
    }
    println!("{verdict}");
    let after = faults.iter().filter(|fault| fault.is_after()).count();
    println!(
        "{} faults, {after} of them after the write was applied; {requests:?}; {elapsed:.1?}",
        faults.len()
    );
    host.stop().await;
    verdict.assert_exact();
    assert_eq!(
        requests.keys().collect::<Vec<_>>(),
        ["UpdateItem"],
        "a comment is an UpdateItem and nothing else"
    );
    assert!(faults.len() * 10 > requests["UpdateItem"], "less than a tenth met a fault: nothing was tested");
}

/// As many tickets as keep each under the comments that it can hold. Their paths.
async fn tickets(client: &Client, appends: usize) -> Vec<String> {
    let count = (appends / 100).clamp(1, TICKETS).max(appends.div_ceil(400));
    let mut paths = Vec::new();
    for number in 0..count {
        let body = json!({ "caller_id": "faulty store", "issue_description": format!("ticket {number}") });
        let created = client.post("/tickets", &body).await.expect(201);
        paths.push(created.header("location").to_owned());
    }
    paths
}

/// Makes all comments; the n-th of a writer on the n-th ticket after its own. What came of them, writer by writer.
async fn comment(client: &Client, tickets: &[String], appends: usize) -> Vec<Vec<Attempt>> {
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let count = (appends + WRITERS - 1 - number) / WRITERS;
        let tickets: Vec<String> =
            tickets.iter().cycle().skip(number % tickets.len()).take(count).cloned().collect();
        writers.spawn(Writer::new(client.clone(), number).comment_on(tickets));
    }
    writers.join_all().await
}
