//! One table, served by a host and by the stand-alone component under `wasmtime serve` at the same time: comments of
//! both sides on the same tickets, each exactly once.

use std::time::Instant;

use tokio::task::JoinSet;

use super::{CALLER, assert_exact, comment_on, make};
use crate::harness::journal::{Verdict, Write, shown};
use crate::harness::{Platform, Table, at_length};

/// Writers of each side.
const WRITERS: usize = 16;
const TICKETS: usize = 20;
const LIST: &str = "/tickets?caller=faulty-store&limit=100";
/// Comments of an ordinary test run, of both sides together.
const APPENDS: usize = 320;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn comments_of_two_platforms_over_one_table_are_all_there_once() {
    let appends = at_length(APPENDS, 2_000);
    let table = Table::create().await;
    let (host, other) = (table.host(), Platform::wasmtime_on_dynamodb(&table.server.endpoint));
    let sides = [host.client(), other.client()];
    let mut tickets = Vec::new();
    // No ticket takes more than 500.
    let count = TICKETS.max(appends.div_ceil(400));
    for number in 0..count {
        let mut ticket = Write::ticket(CALLER, format!("ticket {number}"));
        ticket.send(&sides[number % 2]).await.unwrap().expect(201);
        tickets.push(ticket);
    }

    let begun = Instant::now();
    let mut writers = JoinSet::new();
    for number in 0..2 * WRITERS {
        let count = (appends + 2 * WRITERS - 1 - number) / (2 * WRITERS);
        // Neighbours are of different sides and begin with the same ticket.
        let own = tickets.iter().cycle().skip(number / 2 % tickets.len()).take(count);
        writers.spawn(make(sides[number % 2].clone(), own.map(comment_on(number)).collect()));
    }
    let mut journal = writers.join_all().await;
    let elapsed = begun.elapsed();

    journal.push(tickets);
    let [one, two] = [shown(&journal, &sides[0]).await, shown(&journal, &sides[1]).await];
    assert_eq!(one, two, "both show the same tickets");
    let verdict = Verdict::of(&journal, &one);
    println!("{verdict:?}; {elapsed:.1?}");
    assert_exact(&verdict);
    assert_eq!(verdict.acknowledged, verdict.writes);
    let listed = sides.each_ref().map(|side| side.get(LIST));
    let [one, two] = listed;
    assert_eq!(one.await.expect(200).json(), two.await.expect(200).json(), "both list the same tickets");
    host.stop().await;
}
