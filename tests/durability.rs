//! `kill -9` at any moment: everything that was acknowledged is there, and a retry under the same key stores nothing twice.
//!
//! A kill leaves the page cache intact, so this does not show that a sync reaches the disk. It shows that the host
//! answers nothing that it has not handed to the store, and that the store opens again as it was.

use std::time::Duration;

use rand::RngExt;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::harness::journal::{Verdict, Write, shown};
use crate::harness::{Client, Process, at_length};

const WRITERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_by_a_kill_and_no_retry_stores_twice() {
    let kills = at_length(8, 100);
    let data = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for run in 0..kills {
        let mut journal = write_until_killed(&data, run).await;
        let host = Process::start(data.path(), &["--rate-limit", "off"]);
        let after_kill = Verdict::of(&journal, &shown(&journal, &host.client()).await);
        for write in journal.iter_mut().flatten() {
            write.repeat(&host.client()).await;
        }
        let after_retries = Verdict::of(&journal, &shown(&journal, &host.client()).await);
        println!("after kill {run}: {after_kill:?}\nafter all retries: {after_retries:?}");
        after_kill.assert_exact();
        after_retries.assert_exact();
        acknowledged += after_kill.acknowledged;
        let (code, _) = host.end("TERM");
        assert_eq!(code, Some(0), "a host that was killed before stops as any other");
    }
    assert!(acknowledged > 0, "no write was acknowledged before the kills: nothing was tested");
}

/// Lets the writers work until the host is killed, at a random moment.
async fn write_until_killed(data: &TempDir, run: usize) -> Vec<Vec<Write>> {
    let host = Process::start(data.path(), &["--rate-limit", "off"]);
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        writers.spawn(write_until_cut(host.client(), format!("writer-{run}-{number}")));
    }
    // Not a wait for something: the moment of the kill is the input of this test.
    let moment = rand::rng().random_range(20..250);
    sleep(Duration::from_millis(moment)).await;
    host.kill();
    writers.join_all().await
}

/// Creates tickets and comments once on each, until a write has no answer. That write is the last.
async fn write_until_cut(client: Client, caller: String) -> Vec<Write> {
    let mut writes = Vec::new();
    for number in 0.. {
        let text = format!("{caller} write {number}");
        let mut ticket = Write::ticket(&caller, text.clone());
        let created = ticket.send(&client).await.map(|answer| answer.expect(201).json());
        writes.push(ticket);
        let Ok(created) = created else { break };
        let mut comment = Write::comment(&caller, created["ticket_id"].as_str().unwrap(), text);
        let commented = comment.send(&client).await.map(|answer| answer.expect(200));
        writes.push(comment);
        if commented.is_err() {
            break;
        }
    }
    writes
}
