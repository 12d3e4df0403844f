//! Signals that end a host, and signals that must not end it.

use std::process::{Command, Stdio};

use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::streams;
use crate::harness::{KEY, Process, portdesk};

/// A host that a shell starts after it has run `before`.
fn behind(before: &str, data: &TempDir, flags: &[&str]) -> Process {
    let host = portdesk(&[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\"")]).arg(host.get_program());
    shell.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path()).args(flags);
    for (name, value) in host.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Process::spawn(shell.stdin(Stdio::null()))
}

async fn is_healthy(url: &str) -> bool {
    reqwest::get(format!("{url}/healthz")).await.unwrap().status() == 200
}

#[test]
fn a_hangup_ends_a_host_in_order() {
    let data = tempfile::tempdir().unwrap();
    assert_eq!(Process::start(data.path(), &[]).end("HUP").0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_was_started_to_outlive_its_terminal_ignores_a_hangup() {
    let data = tempfile::tempdir().unwrap();
    let host = behind("trap '' HUP", &data, &["--log-level", "error"]);
    host.signal("HUP");
    assert!(is_healthy(&host.url).await);
    assert_eq!(host.end("TERM").0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_pipe_does_not_end_a_host() {
    let data = tempfile::tempdir().unwrap();
    let host = behind("trap - PIPE", &data, &["--log-level", "error"]);
    host.signal("PIPE");
    assert!(is_healthy(&host.url).await);
    assert_eq!(host.end("TERM").0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_a_host_at_once_while_nobody_reads_its_log() {
    for signal in ["TERM", "INT"] {
        let data = tempfile::tempdir().unwrap();
        let (stderr, _stderr) = streams::unread_pipe();
        let mut command =
            portdesk(&["--listen", "127.0.0.1:0", "--grace-seconds", "600", "--client-timeout-ms", "300000"]);
        // The host serves `/readyz` for this time after the first signal.
        command.args(["--drain-ms", "1000"]);
        let host = Process::spawn(command.arg("--data-dir").arg(data.path()).stderr(stderr));
        let mut open = TcpStream::connect(host.url.trim_start_matches("http://")).await.unwrap();
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
    let host = behind("ulimit -f 4096", &data, &["--log-level", "error"]);
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
    let command = portdesk(&[]);
    let shell = Command::new("sh")
        .args(["-c", "ulimit -f 0; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(["plan", "create", "slow", "--data-dir"])
        .arg(data.path())
        .output()
        .unwrap();
    let said = String::from_utf8(shell.stderr).unwrap();
    assert_eq!(shell.status.code(), Some(1), "{said}");
    assert!(said.contains("keys.json"), "{said}");
}
