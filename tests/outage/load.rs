//! Clients that create tickets without a pause, and repeat what was not acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::harness::Client;

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    seen: watch::Receiver<Seen>,
    clients: JoinSet<Vec<Value>>,
}

/// What the clients saw together.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Tickets that were created.
    pub acknowledged: usize,
    /// Answers that created nothing or did not know.
    pub refused: usize,
    /// How long the slowest of these took.
    pub slowest_refusal: Duration,
}

impl Load {
    pub fn start(client: &Client, clients: usize) -> Load {
        let (report, seen) = watch::channel(Seen::default());
        let stop = Arc::new(AtomicBool::new(false));
        let at_work = (0..clients).map(|number| {
            Writer { client: client.clone(), number, report: report.clone() }.create_until(Arc::clone(&stop))
        });
        Load { clients: at_work.collect(), stop, seen }
    }

    pub fn seen(&self) -> Seen {
        *self.seen.borrow()
    }

    /// Waits until the clients have seen enough; panics where that takes thirty seconds.
    pub async fn until(&self, what: &str, enough: impl Fn(Seen) -> bool) {
        let mut seen = self.seen.clone();
        let waited = timeout(Duration::from_secs(30), seen.wait_for(|seen| enough(*seen))).await;
        assert!(matches!(waited, Ok(Ok(_))), "not within thirty seconds: {what}; {:?}", self.seen());
    }

    /// Lets every client finish its ticket. What they saw, and all tickets that were acknowledged.
    pub async fn stop(self) -> (Seen, Vec<Value>) {
        self.stop.store(true, Ordering::Relaxed);
        let tickets = self.clients.join_all().await.into_iter().flatten().collect();
        let seen = *self.seen.borrow();
        (seen, tickets)
    }
}

struct Writer {
    client: Client,
    number: usize,
    report: watch::Sender<Seen>,
}

impl Writer {
    async fn create_until(self, stop: Arc<AtomicBool>) -> Vec<Value> {
        let mut tickets = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let key = format!("client-{}-ticket-{}", self.number, tickets.len());
            tickets.push(self.create(&key).await);
        }
        tickets
    }

    /// Asks until the ticket is acknowledged.
    async fn create(&self, key: &str) -> Value {
        let body = json!({ "caller_id": "outage", "issue_description": key });
        loop {
            let begun = Instant::now();
            let answer = self.client.send("POST", "/tickets", &[("idempotency-key", key)], Some(&body)).await;
            match answer.status {
                201 => {
                    self.report.send_modify(|seen| seen.acknowledged += 1);
                    return answer.json();
                }
                503 => self.report.send_modify(|seen| {
                    seen.refused += 1;
                    seen.slowest_refusal = seen.slowest_refusal.max(begun.elapsed());
                }),
                status => panic!("{status} in an outage: {}", answer.text()),
            }
        }
    }
}
