//! What the store costs beside the bare SDK, and what a whole host does: the same operations on the same server, as many
//! in flight, in turns.
//!
//! One side calls the SDK in this process, one calls the store as `store` does, one calls a host in another process over
//! HTTP, as a client would. In a turn each side does the same number of operations, on tickets of its own, in an order
//! that is drawn anew: so the table has grown as much for each, lists are as long, and what else the machine does meets
//! all. What is told is the median over the turns of each turn's own ratio to the bare SDK.
//!
//! A long run takes about thirty seconds for each operation on each side. The test prints the figures and asserts only that
//! every operation is done, because the figures hold on a quiet machine alone.

mod bare;
mod store;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::seq::SliceRandom;
use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Client, Table, at_length, is_long};
use bare::Bare;
use store::Store;

const IN_FLIGHT: usize = 64;
/// Odd, so that the median is one of them. An ordinary run, whose figures nobody reads, takes one turn.
const TURNS: u32 = 15;
/// How long a long run takes for each operation on each side.
const SECONDS: Duration = Duration::from_secs(30);
/// How many comments a ticket gets in a turn: few, since the server's time for one grows with the list.
const COMMENTS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bare_sdk_the_store_and_a_host_do_the_same_side_by_side() {
    let table = Table::create().await;
    let host = table.host();
    let store = Store::open(&table.server.endpoint).await;
    let sides = [
        Side::Bare(Bare::new(&table.server.endpoint)),
        Side::Store(store.clone()),
        Side::Host(host.client()),
    ];
    for operation in [Operation::Get, Operation::Create, Operation::Comment] {
        let count = if is_long() {
            operations_in(SECONDS / TURNS, &sides, operation, &store).await
        } else {
            2 * IN_FLIGHT
        };
        let mut turns = Vec::new();
        for _ in 0..at_length(1, TURNS) {
            turns.push(take_turn(&sides, operation, count, &store).await);
        }
        report(operation, count, &turns);
    }
    host.stop().await;
}

/// How many operations the bare SDK does in this time, once all sides are warm.
async fn operations_in(turn: Duration, sides: &[Side; 3], operation: Operation, store: &Store) -> usize {
    let tried = 10 * IN_FLIGHT;
    take_turn(sides, operation, tried, store).await;
    let [bare, ..] = take_turn(sides, operation, tried, store).await;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand")]
    let count = (rate(tried, bare) * turn.as_secs_f64()) as usize;
    count.max(2 * IN_FLIGHT)
}

/// Lets each side do this many operations. How long each took.
async fn take_turn(sides: &[Side; 3], operation: Operation, count: usize, store: &Store) -> [Duration; 3] {
    let mut order = [0, 1, 2];
    order.shuffle(&mut rand::rng());
    let mut taken = [Duration::ZERO; 3];
    for side in order {
        let tickets = store.tickets(count.div_ceil(COMMENTS)).await;
        taken[side] = measure(&sides[side], operation, tickets, count).await;
    }
    taken
}

/// Does operations, as many in flight as there may be, and says how long they took.
async fn measure(side: &Side, operation: Operation, tickets: Vec<String>, count: usize) -> Duration {
    let (begun, next, tickets) = (Instant::now(), Arc::new(AtomicUsize::new(0)), Arc::new(tickets));
    let mut workers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (side, next, tickets) = (side.clone(), Arc::clone(&next), Arc::clone(&tickets));
        workers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    break;
                }
                side.run(operation, &tickets[number % tickets.len()]).await;
            }
        });
    }
    workers.join_all().await;
    begun.elapsed()
}

fn report(operation: Operation, count: usize, turns: &[[Duration; 3]]) {
    let of = |side: usize| turns.iter().map(move |turn| rate(count, turn[side]));
    let fewer =
        |side: usize| turns.iter().map(move |turn| 100.0 * (1.0 - turn[0].div_duration_f64(turn[side])));
    println!(
        "{operation:?}, {count} a turn: {:.0} a second by the SDK; {:.0} by the store, {:.1} % fewer; {:.0} by a host, \
         {:.1} % fewer",
        median(of(0)),
        median(of(1)),
        median(fewer(1)),
        median(of(2)),
        median(fewer(2)),
    );
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts that far")]
fn rate(count: usize, taken: Duration) -> f64 {
    count as f64 / taken.as_secs_f64()
}

#[derive(Debug, Clone, Copy)]
enum Operation {
    Get,
    Create,
    Comment,
}

/// Who asks the server.
#[derive(Clone)]
enum Side {
    Bare(Bare),
    Store(Store),
    Host(Client),
}

impl Side {
    async fn run(&self, operation: Operation, ticket: &str) {
        match (self, operation) {
            (Side::Bare(bare), Operation::Get) => bare.get(ticket).await,
            (Side::Bare(bare), Operation::Create) => bare.create().await,
            (Side::Bare(bare), Operation::Comment) => bare.comment(ticket).await,
            (Side::Store(store), Operation::Get) => store.get(ticket).await,
            (Side::Store(store), Operation::Create) => drop(store.create().await),
            (Side::Store(store), Operation::Comment) => store.comment(ticket).await,
            (Side::Host(client), operation) => ask(client, operation, ticket).await,
        }
    }
}

/// Asks a host. The answer is not held against the contract: that would cost the asking side more than the host.
async fn ask(client: &Client, operation: Operation, ticket: &str) {
    let json = |request: reqwest::RequestBuilder, body: serde_json::Value| {
        request.header("content-type", "application/json").body(body.to_string())
    };
    let (request, status) = match operation {
        Operation::Get => (client.request("GET", &format!("/tickets/{ticket}")), 200),
        Operation::Create => {
            let body = json!({ "caller_id": "overhead", "issue_description": "The VPN drops." });
            (json(client.request("POST", "/tickets"), body), 201)
        }
        Operation::Comment => {
            let request = client.request("POST", &format!("/tickets/{ticket}/comments"));
            (json(request, json!({ "comment": "Since Monday." })), 200)
        }
    };
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), status);
    answer.bytes().await.unwrap();
}
