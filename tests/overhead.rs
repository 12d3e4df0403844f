//! What a host costs beside the bare SDK: the same operations on the same server, as many in flight, in turns.
//!
//! One side calls the SDK in this process. The other calls the host over HTTP, as a client would, and the host calls
//! the SDK. All three programs share the machine, so a machine whose cores are all busy shows the processor time of
//! the host and not what it delays.
//!
//! `PORTDESK_OVERHEAD_SECONDS=30 cargo test --release -p portdesk-tests overhead -- --nocapture` prints the figures of as
//! many seconds for each operation on each side. Nothing is asserted of them here: they are true of a quiet machine
//! alone.

mod bare;

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Client, Table};
use bare::Bare;

const IN_FLIGHT: usize = 64;
/// The two sides take turns, so that what else the machine does meets both.
const TURNS: u32 = 5;
/// Seconds of an ordinary test run.
const SECONDS: f64 = 0.2;
/// Tickets that comments are spread over in one turn: few enough to be made quickly, enough to stay short.
const TICKETS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_and_the_bare_sdk_do_the_same_side_by_side() {
    let seconds: f64 = env::var("PORTDESK_OVERHEAD_SECONDS")
        .map_or(SECONDS, |seconds| seconds.parse().expect("PORTDESK_OVERHEAD_SECONDS is a number"));
    let table = Table::create().await;
    let host = table.host();
    let client = host.client();
    let sides = [Side::Bare(Bare::new(&table.server.endpoint)), Side::Host(client.clone())];
    for operation in [Operation::Get, Operation::Create, Operation::Comment] {
        let mut rates = [Rate::default(), Rate::default()];
        for _ in 0..TURNS {
            let time = Duration::from_secs_f64(seconds / f64::from(TURNS));
            for (side, rate) in sides.iter().zip(&mut rates) {
                let tickets = tickets(&client).await;
                rate.add(measure(side, operation, tickets, time).await);
            }
        }
        let [alone, hosted] = rates;
        let overhead = (1.0 - hosted.a_second() / alone.a_second()) * 100.0;
        println!(
            "{operation:?}: {:.0} a second by the SDK, {:.0} by the host: {overhead:.1} % fewer",
            alone.a_second(),
            hosted.a_second()
        );
        assert!(alone.count > 0 && hosted.count > 0);
    }
    host.stop().await;
}

/// Fresh tickets, so that both sides find lists of the same length. Their ids.
async fn tickets(client: &Client) -> Vec<String> {
    let body = json!({ "caller_id": "overhead", "issue_description": "The VPN drops." });
    let mut ids = Vec::new();
    for _ in 0..TICKETS {
        let ticket = client.post("/tickets", &body).await.expect(201).json();
        ids.push(ticket["ticket_id"].as_str().unwrap().to_owned());
    }
    ids
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
    Host(Client),
}

impl Side {
    async fn run(&self, operation: Operation, ticket: &str) {
        match (self, operation) {
            (Side::Bare(bare), Operation::Get) => bare.get(ticket).await,
            (Side::Bare(bare), Operation::Create) => bare.create().await,
            (Side::Bare(bare), Operation::Comment) => bare.comment(ticket).await,
            (Side::Host(client), Operation::Get) => {
                client.get(&format!("/tickets/{ticket}")).await.expect(200);
            }
            (Side::Host(client), Operation::Create) => {
                let body = json!({ "caller_id": "overhead", "issue_description": "The VPN drops." });
                client.post("/tickets", &body).await.expect(201);
            }
            (Side::Host(client), Operation::Comment) => {
                let body = json!({ "comment": "Since Monday." });
                client.post(&format!("/tickets/{ticket}/comments"), &body).await.expect(200);
            }
        }
    }
}

/// Operations, and the time that they took.
#[derive(Debug, Default)]
struct Rate {
    count: usize,
    seconds: f64,
}

impl Rate {
    fn add(&mut self, other: Rate) {
        self.count += other.count;
        self.seconds += other.seconds;
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody counts that far")]
    fn a_second(&self) -> f64 {
        self.count as f64 / self.seconds
    }
}

/// Runs an operation again and again, as many in flight as there may be, for this time.
async fn measure(side: &Side, operation: Operation, tickets: Vec<String>, time: Duration) -> Rate {
    let (begun, next, tickets) = (Instant::now(), Arc::new(AtomicUsize::new(0)), Arc::new(tickets));
    let mut workers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (side, next, tickets) = (side.clone(), Arc::clone(&next), Arc::clone(&tickets));
        workers.spawn(async move {
            while begun.elapsed() < time {
                let number = next.fetch_add(1, Ordering::Relaxed);
                side.run(operation, &tickets[number % tickets.len()]).await;
            }
        });
    }
    workers.join_all().await;
    Rate { count: next.load(Ordering::Relaxed), seconds: begun.elapsed().as_secs_f64() }
}
