//! Signals that end a host, and signals that must not end it.

use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{is_healthy, streams};
use crate::harness::{KEY, Process, behind, portdesk, serve};

/// A host that a shell starts after it has run `before`.
fn host_behind(before: &str, data: &TempDir) -> Process {
    Process::spawn(&mut behind(before, &serve(data.path(), &["--log-level", "error"])))
}

#[test]
fn a_hangup_ends_a_host_in_order() {
    let data = tempfile::tempdir().unwrap();
    assert_eq!(Process::start(data.path(), &[]).end("HUP").0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_was_started_to_outlive_its_terminal_ignores_a_hangup() {
    let data = tempfile::tempdir().unwrap();
    let host = host_behind("trap '' HUP", &data);
    host.signal("HUP");
    assert!(is_healthy(&host.url).await);
    assert_eq!(host.end("TERM").0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_pipe_does_not_end_a_host() {
    let data = tempfile::tempdir().unwrap();
    let host = host_behind("trap - PIPE", &data);
    host.signal("PIPE");
    assert!(is_healthy(&host.url).await);
    assert_eq!(host.end("TERM").0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_a_host_at_once_while_nobody_reads_its_log() {
    for signal in ["TERM", "INT"] {
        let data = tempfile::tempdir().unwrap();
        let (stderr, _stderr) = streams::unread_pipe();
        // The host serves `/readyz` for the time of `--drain-ms` after the first signal.
        let flags = ["--grace-seconds", "600", "--client-timeout-ms", "300000", "--drain-ms", "1000"];
        let host = Process::spawn(serve(data.path(), &flags).stderr(stderr));
        let mut open = TcpStream::connect(host.address()).await.unwrap();
        let head =
            format!("POST /tickets HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\ncontent-length: 9\r\n\r\n");
        open.write_all(head.as_bytes()).await.unwrap();
        host.signal("TERM");
        // Once `/readyz` fails, the host has handled the first signal.
        while reqwest::get(format!("{}/readyz", host.url)).await.unwrap().status() == 200 {}
        // A terminal that closes may send several SIGHUP.
        host.signal("HUP");
        host.signal(signal);
        assert_eq!(host.wait(), Some(1), "{signal}");
    }
}

/// The kernel sends SIGXFSZ for a write above the limit.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_file_sizes_does_not_end_a_host() {
    let data = tempfile::tempdir().unwrap();
    // The first start writes the compiled component, which may be larger than the limit.
    assert_eq!(Process::start(data.path(), &[]).end("TERM").0, Some(0));
    let host = host_behind("ulimit -f 4096", &data);
    let text = "x".repeat(2000);
    let body = serde_json::json!({ "caller_id": "ada", "issue_description": text });
    let mut refused = false;
    while !refused {
        let answer = host.client().post("/tickets", &body).await;
        assert!([201, 503].contains(&answer.status), "{}", answer.status);
        refused = answer.status == 503;
    }
    host.client().get("/tickets?caller=ada").await.expect(200);
    assert!(is_healthy(&host.url).await);
    assert_eq!(host.end("TERM").0, Some(0));
}

#[test]
fn a_command_over_a_limit_of_file_sizes_fails_with_a_sentence() {
    let data = tempfile::tempdir().unwrap();
    let command = portdesk(&["plan", "create", "slow", "--data-dir", data.path().to_str().unwrap()]);
    let ended = behind("ulimit -f 0", &command).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("keys.json"), "{said}");
}
