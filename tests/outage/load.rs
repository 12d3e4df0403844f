//! Clients that create tickets without a pause, and repeat each request that was not acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::harness::Client;
use crate::harness::journal::Write;

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    seen: watch::Receiver<Seen>,
    clients: JoinSet<Vec<Write>>,
}

/// What all clients counted together.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Tickets that were created.
    pub acknowledged: usize,
    /// Answers with status 503.
    pub refused: usize,
    /// The time of the slowest of these answers.
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

    /// Waits until the clients have seen enough. Panics after thirty seconds.
    pub async fn until(&self, what: &str, enough: impl Fn(Seen) -> bool) {
        let mut seen = self.seen.clone();
        let waited = timeout(Duration::from_secs(30), seen.wait_for(|seen| enough(*seen))).await;
        assert!(matches!(waited, Ok(Ok(_))), "not within thirty seconds: {what}; {:?}", self.seen());
    }

    /// Lets every client finish its ticket. Returns what the clients saw, and the tickets of each client.
    pub async fn stop(self) -> (Seen, Vec<Vec<Write>>) {
        self.stop.store(true, Ordering::Relaxed);
        let journal = self.clients.join_all().await;
        let seen = *self.seen.borrow();
        (seen, journal)
    }
}

struct Writer {
    client: Client,
    number: usize,
    report: watch::Sender<Seen>,
}

impl Writer {
    async fn create_until(self, stop: Arc<AtomicBool>) -> Vec<Write> {
        let mut tickets = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let text = format!("client {} ticket {}", self.number, tickets.len());
            let mut ticket = Write::ticket("outage", text);
            while ticket.acknowledged.is_none() {
                self.send(&mut ticket).await;
            }
            tickets.push(ticket);
        }
        tickets
    }

    async fn send(&self, ticket: &mut Write) {
        let begun = Instant::now();
        let answer = ticket.send(&self.client).await.unwrap();
        match answer.status {
            201 => self.report.send_modify(|seen| seen.acknowledged += 1),
            503 => self.report.send_modify(|seen| {
                seen.refused += 1;
                seen.slowest_refusal = seen.slowest_refusal.max(begun.elapsed());
            }),
            status => panic!("{status} in an outage: {}", answer.text()),
        }
    }
}
