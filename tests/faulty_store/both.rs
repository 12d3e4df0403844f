//! One table, served by a host and by the stand-alone component under `wasmtime serve` at the same time: comments of
//! both sides on the same tickets, each exactly once.
//!
//! `PORTDESK_APPENDS=2000 cargo test --release -p portdesk-tests faulty_store -- --nocapture` prints the figures.

use std::env;
use std::time::Instant;

use serde_json::json;
use tokio::task::JoinSet;

use super::verdict::Verdict;
use super::writer::Writer;
use crate::harness::{Platform, Table};

/// Writers of each side.
const WRITERS: usize = 16;
const TICKETS: usize = 20;
/// Comments of an ordinary test run, of both sides together.
const APPENDS: usize = 320;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn comments_of_two_platforms_over_one_table_are_all_there_once() {
    let appends = env::var("PORTDESK_APPENDS")
        .map_or(APPENDS, |count| count.parse().expect("PORTDESK_APPENDS is a number"));
    let table = Table::create().await;
    let (host, other) = (table.host(), Platform::wasmtime_on_dynamodb(&table.server.endpoint));
    let sides = [host.client(), other.client()];
    let mut tickets = Vec::new();
    // No ticket takes more than 500.
    let count = TICKETS.max(appends.div_ceil(400));
    for number in 0..count {
        let body = json!({ "caller_id": "both", "issue_description": format!("ticket {number}") });
        let created = sides[number % 2].post("/tickets", &body).await.expect(201);
        tickets.push(created.header("location").to_owned());
    }

    let begun = Instant::now();
    let mut writers = JoinSet::new();
    for number in 0..2 * WRITERS {
        let count = (appends + 2 * WRITERS - 1 - number) / (2 * WRITERS);
        // Neighbours are of different sides and begin with the same ticket.
        let own = tickets.iter().cycle().skip(number / 2 % tickets.len()).take(count).cloned().collect();
        writers.spawn(Writer::new(sides[number % 2].clone(), number).comment_on(own));
    }
    let attempts = writers.join_all().await;
    let elapsed = begun.elapsed();

    let mut verdict = Verdict::of(&attempts);
    for ticket in &tickets {
        let [one, two] = [sides[0].get(ticket).await.expect(200), sides[1].get(ticket).await.expect(200)];
        assert_eq!(one.json(), two.json(), "both show the same ticket");
        verdict.look_at(&one.json(), ticket, &attempts);
    }
    println!("{verdict}; {elapsed:.1?}");
    verdict.assert_exact();
    assert_eq!(verdict.acknowledged, appends);
    let listed = sides.each_ref().map(|side| side.get("/tickets?caller=both&limit=100"));
    let [one, two] = listed;
    assert_eq!(one.await.expect(200).json(), two.await.expect(200).json(), "both list the same tickets");
    host.stop().await;
}
