//! Comments over a DynamoDB that fails all the time. Every acknowledged comment is there exactly once, every other comment
//! is there at most once, and the comments of each writer stand in the order in which the writer made them.
//!
//! A fifth of all requests to DynamoDB meet a fault, half of these after the write was applied. Writers do what the
//! contract asks of them: they repeat a comment that was not acknowledged, under the same key. No answer blames the writer.

mod both;

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::faults::{Fault, Plan, Proxy};
use crate::harness::journal::{Verdict, Write, shown};
use crate::harness::{Client, HostOnDynamo, PATIENT, Table, at_length};

const CALLER: &str = "faulty-store";
const WRITERS: usize = 64;
/// The most tickets that the comments are spread over.
const TICKETS: usize = 50;
/// Comments of an ordinary test run.
const APPENDS: usize = 600;
/// How often a comment is sent before its writer gives up.
const TRIES: usize = 10;
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
    let appends = at_length(APPENDS, 20_000);
    let table = Table::create().await;
    let proxy = Proxy::start(&table.server.endpoint, Plan::none()).await;
    let host = HostOnDynamo::start(&proxy.url, &PATIENT);
    let tickets = tickets(&host.client(), appends).await;
    proxy.take_requests();

    proxy.follow(Plan::random(20, SHARE, &FAULTS));
    let begun = Instant::now();
    let mut journal = comment(&host.client(), &tickets, appends).await;
    let elapsed = begun.elapsed();
    proxy.follow(Plan::none());

    let (requests, faults) = (proxy.take_requests(), proxy.take_faults());
    journal.push(tickets);
    let verdict = Verdict::of(&journal, &shown(&journal, &host.client()).await);
    println!("{verdict:?}");
    let after = faults.iter().filter(|fault| fault.is_after()).count();
    println!(
        "{} faults, {after} of them after the write was applied; {requests:?}; {elapsed:.1?}",
        faults.len()
    );
    host.stop().await;
    assert_exact(&verdict);
    assert_eq!(
        requests.keys().collect::<Vec<_>>(),
        ["UpdateItem"],
        "a comment is an UpdateItem and nothing else"
    );
    assert!(faults.len() * 10 > requests["UpdateItem"], "less than a tenth met a fault: nothing was tested");
}

/// Creates as many tickets as have room for the comments.
async fn tickets(client: &Client, appends: usize) -> Vec<Write> {
    let count = (appends / 100).clamp(1, TICKETS).max(appends.div_ceil(400));
    let mut tickets = Vec::new();
    for number in 0..count {
        let mut ticket = Write::ticket(CALLER, format!("ticket {number}"));
        ticket.send(client).await.unwrap().expect(201);
        tickets.push(ticket);
    }
    tickets
}

/// Makes all comments. The first comment of a writer is on the ticket with the writer's number, the next on the next ticket.
async fn comment(client: &Client, tickets: &[Write], appends: usize) -> Vec<Vec<Write>> {
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let count = (appends + WRITERS - 1 - number) / WRITERS;
        let own = tickets.iter().cycle().skip(number % tickets.len()).take(count).map(comment_on(number));
        writers.spawn(make(client.clone(), own.collect()));
    }
    writers.join_all().await
}

/// Makes the comments of a writer on these tickets.
fn comment_on(writer: usize) -> impl FnMut(&Write) -> Write {
    let mut count = 0;
    move |ticket| {
        count += 1;
        Write::comment(CALLER, ticket.created().unwrap(), format!("writer {writer} comment {count}"))
    }
}

/// Sends each comment until it is acknowledged, and no more than ten times, and then the next.
async fn make(client: Client, mut comments: Vec<Write>) -> Vec<Write> {
    for comment in &mut comments {
        while comment.acknowledged.is_none() && comment.sent < TRIES {
            let answer = comment.send(&client).await.unwrap();
            let status = answer.status;
            assert!(matches!(status, 200 | 503 | 504), "{status} for a valid comment: {}", answer.text());
        }
    }
    comments
}

fn assert_exact(verdict: &Verdict) {
    verdict.assert_exact();
    assert!(verdict.acknowledged * 1_000 >= verdict.writes * 999, "fewer than 99.9% succeeded: {verdict:?}");
}
