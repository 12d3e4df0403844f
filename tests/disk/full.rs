//! A disk that is full when a host starts, or becomes full while the host runs.

use std::process::Command;

use serde_json::{Value, json};

use super::refusal;
use crate::harness::{Client, Process, behind, serve, until_ready};

/// A host that ignores SIGXFSZ, so that the limit on the size of files does not kill it.
fn host(data: &std::path::Path) -> Process {
    let command = serve(data, &["--rate-limit", "off", "--log-level", "error"]);
    Process::spawn(&mut behind("trap '' XFSZ", &command))
}

fn limit(host: &Process, bytes: &str) {
    let (id, limit) = (host.id().to_string(), format!("--fsize={bytes}:unlimited"));
    assert!(Command::new("prlimit").args(["--pid", &id, &limit]).status().unwrap().success());
}

async fn open_ticket(client: &Client, number: usize, text: &str) -> (String, crate::harness::Answer) {
    let key = format!("key-{number}");
    let body = json!({ "caller_id": "ada", "issue_description": text });
    let answer = client.send("POST", "/tickets", &[("idempotency-key", &key)], Some(&body)).await;
    (key, answer)
}

async fn tickets(client: &Client) -> usize {
    let page = client.get("/tickets?caller=ada&limit=100").await.expect(200).json();
    page["tickets"].as_array().unwrap().len()
}

/// Every refusal says that nothing was stored, and that is true.
#[tokio::test]
async fn a_full_disk_refuses_writes_and_not_reads_and_the_host_goes_on_by_itself() {
    let data = tempfile::tempdir().unwrap();
    let host = host(data.path());
    let client = host.client();
    open_ticket(&client, 0, "first").await.1.expect(201);
    until_ready(&host.url, 200).await;
    let log = std::fs::metadata(data.path().join("store.sqlite3-wal")).unwrap().len();
    let mut made = 1;
    // There is room for some writes. Each round meets the limit at another place within a page.
    for (round, room) in [0, 1, 30, 5_000, 40_000, 70_123].into_iter().enumerate() {
        let size = std::fs::metadata(data.path().join("store.sqlite3-wal")).unwrap().len().max(log);
        limit(&host, &(size + room).to_string());
        let mut refused = 0;
        for number in 0..40 {
            let answer = open_ticket(&client, 100 * (round + 1) + number, &"x".repeat(3_000)).await.1;
            match answer.status {
                201 => made += 1,
                503 => {
                    let problem: Value = answer.json();
                    assert!(problem["detail"].as_str().unwrap().contains("nothing was stored"), "{problem}");
                    assert_eq!(problem.get("outcome"), None, "{problem}");
                    refused += 1;
                }
                status => panic!("{status}: {}", answer.text()),
            }
        }
        assert!(refused > 0, "with room for {room} bytes nothing was refused");
        assert_eq!(tickets(&client).await, made.min(100), "reads go on");
        until_ready(&host.url, 503).await;
        limit(&host, "unlimited");
        until_ready(&host.url, 200).await;
        open_ticket(&client, 10_000 + round, "after").await.1.expect(201);
        made += 1;
    }
    let last = tickets(&client).await;
    host.kill();
    let host = Process::start(data.path(), &["--rate-limit", "off"]);
    assert_eq!(tickets(&host.client()).await, last, "what was refused is not there after a kill");
    open_ticket(&host.client(), 0, "first").await.1.expect(201);
    assert_eq!(tickets(&host.client()).await, last, "what was stored is");
}

/// The write-ahead log has no refused write when the host is killed with a full disk.
#[tokio::test]
async fn what_a_full_disk_refused_is_not_there_after_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let host = host(data.path());
    open_ticket(&host.client(), 0, "first").await.1.expect(201);
    let log = std::fs::metadata(data.path().join("store.sqlite3-wal")).unwrap().len();
    limit(&host, &(log + 9_000).to_string());
    let text = "x".repeat(4_000);
    let mut made = 1;
    for number in 1..30 {
        let status = open_ticket(&host.client(), number, &text).await.1.status;
        assert!([201, 503].contains(&status), "{status}");
        made += usize::from(status == 201);
    }
    assert!(made < 30);
    host.kill();
    let host = Process::start(data.path(), &["--rate-limit", "off"]);
    assert_eq!(tickets(&host.client()).await, made);
}

/// A start merges the log of a killed host into the file, which is longer than the limit, so there is no room for it.
#[tokio::test]
async fn a_host_does_not_start_on_a_full_disk() {
    let data = tempfile::tempdir().unwrap();
    let host = host(data.path());
    let mut number = 0;
    let mut open = async || {
        number += 1;
        open_ticket(&host.client(), number, &"x".repeat(4_000)).await.1.expect(201);
    };
    while std::fs::metadata(data.path().join("store.sqlite3")).unwrap().len() < 5 * LIMIT_BYTES / 4 {
        open().await;
    }
    // The newest tickets are in the log only.
    for _ in 0..5 {
        open().await;
    }
    host.kill();
    let said = refusal(data.path(), |command| {
        // The unit is 512 bytes.
        *command = behind(&format!("trap '' XFSZ; ulimit -f {}", LIMIT_BYTES / 512), command);
    });
    let store = std::fs::canonicalize(data.path()).unwrap().join("store.sqlite3");
    assert!(said.contains(&format!("cannot write {}: ", store.display())), "{said}");
    assert!(said.contains("free some space"), "{said}");
    let host = Process::start(data.path(), &["--rate-limit", "off"]);
    assert_eq!(tickets(&host.client()).await, 100);
}

/// Enough for the files in memory that a host writes to compile a component.
const LIMIT_BYTES: u64 = 1 << 20;
