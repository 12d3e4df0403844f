//! A host that is killed under load, beside two that go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::{create_key, end, printed, three, within_five_seconds};
use crate::harness::journal::{Verdict, Write, shown};
use crate::harness::{Client, Table, at_length, until};

const WRITERS: usize = 12;

/// A client behind a balancer: it repeats a write at the next host if it gets no answer.
struct Balanced {
    clients: Vec<Client>,
    next: usize,
}

impl Balanced {
    /// Sends a write until it is acknowledged, always under the same key.
    async fn write(&mut self, write: &mut Write, acknowledged: &AtomicUsize) {
        while write.acknowledged.is_none() {
            let sent = write.send(&self.clients[self.next]).await;
            if sent.is_err() || write.acknowledged.is_none() {
                self.next = (self.next + 1) % self.clients.len();
            }
        }
        acknowledged.fetch_add(1, Ordering::SeqCst);
    }
}

/// Each writer creates a ticket and comments on it, again and again.
async fn write(
    mut balanced: Balanced,
    caller: String,
    acknowledged: Arc<AtomicUsize>,
    tickets: usize,
) -> Vec<Write> {
    let mut writes = Vec::new();
    for number in 0..tickets {
        let text = format!("{caller} write {number}");
        let mut ticket = Write::ticket(&caller, text.clone());
        balanced.write(&mut ticket, &acknowledged).await;
        let mut comment = Write::comment(&caller, ticket.created().unwrap(), text);
        balanced.write(&mut comment, &acknowledged).await;
        writes.extend([ticket, comment]);
    }
    writes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost_if_one_of_three_hosts_is_killed_and_no_repeat_stores_twice() {
    let tickets = at_length(15, 100);
    let table = Table::create().await;
    printed(&table, &["plan", "create", "fast", "--quota", "none", "--rate", "100000", "--burst", "1000000"]);
    let key = create_key(&table, &["--plan", "fast"]);
    let hosts = three(&table);
    within_five_seconds(&hosts, &key, 200).await;
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let clients = hosts.iter().map(|host| host.client(&key.secret)).collect();
        let balanced = Balanced { clients, next: number % 3 };
        let (caller, acknowledged) = (format!("writer-{number}"), Arc::clone(&acknowledged));
        writers.spawn(write(balanced, caller, acknowledged, tickets));
    }
    let third = WRITERS * tickets * 2 / 3;
    until("a third is written", async || acknowledged.load(Ordering::SeqCst) >= third).await;
    let [killed, one, other] = hosts;
    killed.logged.host.kill();
    let before = acknowledged.load(Ordering::SeqCst);
    let journal = writers.join_all().await;
    for host in [&one, &other] {
        let client = host.client(&key.secret);
        let verdict = Verdict::of(&journal, &shown(&journal, &client).await);
        println!("killed after {before} acknowledged writes: {verdict:?}");
        verdict.assert_exact();
        assert_eq!(verdict.acknowledged, WRITERS * tickets * 2);
        assert!(verdict.repeats > 0, "no write met the kill, so nothing was tested");
    }
    end([one, other]);
}
