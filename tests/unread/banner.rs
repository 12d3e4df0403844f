//! The banner and the first key, which is valid only if the host printed it.

use std::fs::{self, File};
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use super::is_healthy;
use super::streams::{self, read_until};
use crate::harness::{Client, Process, serve};

/// A first start, without a key in the environment.
fn first_start(data: &TempDir, stdout: Stdio) -> Process {
    let mut command = serve(data.path(), &[]);
    command.env_remove("PORTDESK_API_KEY").stderr(File::create(data.path().join("log")).unwrap());
    Process::spawn_unread(&mut command, stdout)
}

fn keys(data: &TempDir) -> usize {
    let file: Value = serde_json::from_slice(&fs::read(data.path().join("keys.json")).unwrap()).unwrap();
    file["keys"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_key_that_was_not_printed_is_not_valid_and_the_host_serves() {
    let folder = tempfile::tempdir().unwrap();
    let other_end = tempfile::tempdir().unwrap();
    let closed = Stdio::null();
    for (name, (stdout, _other_end)) in [
        ("a full disk", streams::full_disk()),
        ("a pipe without a reader", streams::abandoned_pipe()),
        ("the null device", (closed, Box::new(()) as Box<_>)),
        ("a file", (File::open(folder.path()).unwrap().into(), Box::new(()) as Box<_>)),
        ("a pipe for reading", (streams::read_end(other_end.path()), Box::new(()) as Box<_>)),
    ] {
        let data = tempfile::tempdir().unwrap();
        let host = first_start(&data, stdout);
        assert!(is_healthy(&host.url).await, "{name}");
        assert_eq!(host.end("TERM").0, Some(0), "{name}");
        assert_eq!(keys(&data), 0, "{name}");
        let log = fs::read_to_string(data.path().join("log")).unwrap();
        assert!(log.contains("standard output"), "{name}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_key_becomes_valid_when_a_late_reader_reads_it() {
    let data = tempfile::tempdir().unwrap();
    let (stdout, mut reader) = streams::full_pipe();
    let host = first_start(&data, stdout);
    assert!(is_healthy(&host.url).await);
    assert_eq!(keys(&data), 0);
    let banner = read_until(&mut reader, "Stop with Ctrl-C.\n");
    let (_, key) = banner.split_once("PORTDESK_API_KEY=").unwrap();
    let key = key.lines().next().unwrap();
    Client::new(&host.url, Some(key)).get("/tickets?caller=ada").await.expect(200);
    assert_eq!(keys(&data), 1);
    assert_eq!(host.end("TERM").0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_ends_in_order_while_nobody_reads_its_banner() {
    let data = tempfile::tempdir().unwrap();
    let (stdout, _reader) = streams::full_pipe();
    let host = first_start(&data, stdout);
    assert!(is_healthy(&host.url).await);
    assert_eq!(host.end("TERM").0, Some(0));
    assert_eq!(keys(&data), 0);
}
