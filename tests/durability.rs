//! `kill -9`, in the middle of everything: what was acknowledged is there, and a keyed retry makes no duplicate.
//!
//! A kill leaves the page cache intact, so this does not show that a sync reaches the disk: only that the host
//! answers nothing that it has not handed to the store, and that the store comes up again as it was.
//!
//! `PORTDESK_KILLS=100 cargo test --release -p portdesk-tests durability -- --nocapture` prints the figure for as many
//! kills as one likes.

mod verdict;
mod writer;

use std::env;
use std::time::Duration;

use rand::RngExt;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::harness::Process;
use verdict::Verdict;
use writer::{Attempt, Writer};

const WRITERS: usize = 16;
/// Kills of an ordinary test run.
const KILLS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_by_a_kill_and_no_retry_stores_twice() {
    let kills =
        env::var("PORTDESK_KILLS").map_or(KILLS, |kills| kills.parse().expect("PORTDESK_KILLS is a number"));
    let data = tempfile::tempdir().unwrap();
    let mut verdict = Verdict::default();
    for run in 0..kills {
        let attempts = write_until_killed(&data, run).await;
        verdict.add(check(&data, attempts).await);
    }
    println!("{verdict}");
    assert!(verdict.acknowledged > 0, "the writers got nothing done before the kills: nothing was tested");
    assert_eq!((verdict.lost, verdict.duplicates), (0, 0), "{verdict}");
}

/// Lets the writers work until the host is killed, at a moment that nobody chose.
async fn write_until_killed(data: &TempDir, run: usize) -> Vec<Attempt> {
    let host = Process::start(data.path(), &["--rate-limit", "off"]);
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        writers.spawn(Writer::new(host.client(), format!("writer-{run}-{number}")).write_until_cut());
    }
    // Not a wait for something: the moment of the kill is the input of this test.
    let moment = rand::rng().random_range(20..250);
    sleep(Duration::from_millis(moment)).await;
    host.kill();
    writers.join_all().await.into_iter().flatten().collect()
}

/// Starts the host again, looks for all that was acknowledged, and repeats what was not.
async fn check(data: &TempDir, attempts: Vec<Attempt>) -> Verdict {
    let host = Process::start(data.path(), &["--rate-limit", "off"]);
    let mut verdict = Verdict { kills: 1, ..Verdict::default() };
    for attempt in &attempts {
        attempt.count(&mut verdict);
        attempt.look_for(&host.client(), &mut verdict).await;
    }
    for attempt in &attempts {
        attempt.repeat(&host.client()).await;
        attempt.look_for_twins(&host.client(), &mut verdict).await;
    }
    let (code, _) = host.end("TERM");
    assert_eq!(code, Some(0), "a host that was killed before stops as any other");
    verdict
}
