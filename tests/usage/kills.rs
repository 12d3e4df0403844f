//! A quota over `kill -9`: the host admits no more requests than the quota, and counts every request that it admits.
//!
//! A kill leaves the page cache intact, so this does not show the effect of a power cut, which loses the counts of the last second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rand::RngExt;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{printed, with_quota};
use crate::harness::{Client, Process, at_length};

const CLIENTS: usize = 8;
/// The requests of a run, on average.
const PER_RUN: u64 = 50;

/// The answers that the clients saw.
#[derive(Default)]
struct Seen {
    let_in: AtomicU64,
    /// Requests without an answer, which the host may have counted.
    cut: AtomicU64,
    spent: AtomicBool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_is_exact_however_often_its_host_is_killed() {
    let kills: u64 = at_length(4, 20);
    let quota = kills * PER_RUN;
    let data = with_quota(&quota.to_string());
    let seen = Arc::new(Seen::default());
    for run in 0..kills {
        let host = Process::start(data.path(), &[]);
        let goal = seen.let_in.load(Ordering::SeqCst) + rand::rng().random_range(1..PER_RUN);
        let stop = Arc::new(AtomicBool::new(false));
        let clients = burst(&host, &seen, &stop);
        until_let_in(goal, &seen).await;
        if run % 2 == 0 {
            // Every second kill is in the middle of requests; the others are between requests, so that the count is exact.
            host.kill();
            clients.join_all().await;
        } else {
            stop.store(true, Ordering::SeqCst);
            clients.join_all().await;
            host.kill();
        }
        check(&data, &seen);
    }
    let host = Process::start(data.path(), &[]);
    burst(&host, &seen, &Arc::new(AtomicBool::new(false))).join_all().await;
    let (let_in, cut) = check(&data, &seen);
    println!(
        "{kills} kills, quota {quota}: {let_in} let in, {cut} without an answer, {} counted",
        counted(&data)
    );
    assert_eq!(counted(&data), quota);
    assert!(let_in <= quota && quota <= let_in + cut);
    assert_eq!(host.end("TERM").0, Some(0));
}

/// Clients that send requests until the quota is used up, the host is gone, or `stop` is set.
fn burst(host: &Process, seen: &Arc<Seen>, stop: &Arc<AtomicBool>) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(ask(host.client(), Arc::clone(seen), Arc::clone(stop)));
    }
    clients
}

async fn ask(client: Client, seen: Arc<Seen>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        match client.try_send("GET", "/tickets?caller=ada", &[], None).await {
            Ok(answer) if answer.status == 200 => {
                seen.let_in.fetch_add(1, Ordering::SeqCst);
            }
            Ok(answer) => {
                assert_eq!(answer.expect(429).json()["message"], "Limit Exceeded");
                seen.spent.store(true, Ordering::SeqCst);
                return;
            }
            Err(_gone) => {
                seen.cut.fetch_add(1, Ordering::SeqCst);
                return;
            }
        }
    }
}

async fn until_let_in(goal: u64, seen: &Seen) {
    while seen.let_in.load(Ordering::SeqCst) < goal && !seen.spent.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
}

/// Compares the host's count with the clients' counts. Returns the latter.
fn check(data: &TempDir, seen: &Seen) -> (u64, u64) {
    let (let_in, cut) = (seen.let_in.load(Ordering::SeqCst), seen.cut.load(Ordering::SeqCst));
    let counted = counted(data);
    assert!(let_in <= counted && counted <= let_in + cut, "{counted} counted, {let_in} seen and {cut} cut");
    (let_in, cut)
}

/// The count that `key list` shows for the key of the tests.
fn counted(data: &TempDir) -> u64 {
    let listed = printed(&["key", "list", "--data-dir", data.path().to_str().unwrap()]);
    let used = listed.split_once("plan default, ").unwrap().1;
    used.split_once('/').unwrap().0.parse().unwrap()
}
