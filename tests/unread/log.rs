//! A log that nobody reads.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, pipe};
use std::process::Stdio;

use serde_json::Value;
use tokio::task::JoinSet;

use super::streams::{self, Unread};
use crate::harness::{KEY, Process, serve};
use crate::observability::metrics::scrape;

const CLIENTS: usize = 16;

/// A host with a line of log for each request, and metrics.
fn host(data: &tempfile::TempDir, stderr: Stdio) -> Process {
    let mut command = serve(data.path(), &["--store", "memory", "--rate-limit", "off"]);
    command.args(["--log-format", "json", "--metrics", "127.0.0.1:0"]);
    Process::spawn(command.stderr(stderr))
}

/// Sends requests by several clients, and returns the request ids of all answers.
async fn ask(url: &str, path: &str, requests: usize) -> Vec<String> {
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (http, url) = (reqwest::Client::builder().no_proxy().build().unwrap(), format!("{url}{path}"));
        clients.spawn(async move {
            let mut ids = Vec::new();
            for _ in 0..requests / CLIENTS {
                let answer = http.get(&url).header("x-api-key", KEY).send().await.unwrap();
                assert_eq!(answer.status(), 200);
                ids.push(answer.headers()["x-amzn-requestid"].to_str().unwrap().to_owned());
            }
            ids
        });
    }
    clients.join_all().await.concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_requests_are_answered_while_nobody_reads_output_and_log() {
    let data = tempfile::tempdir().unwrap();
    let (stderr, _stderr) = streams::unread_pipe();
    let (stdout, _stdout) = streams::full_pipe();
    let mut command = serve(data.path(), &["--store", "memory", "--rate-limit", "off"]);
    let host = Process::spawn_unread(command.stderr(stderr), stdout);
    assert_eq!(ask(&host.url, "/tickets?caller=ada", 4992).await.len(), 4992);
    ask(&host.url, "/healthz", 16).await;
    assert_eq!(host.end("TERM").0, Some(0), "it stops in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_kind_of_unread_log_holds_a_request_or_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let streams: [(&str, Unread); 6] = [
        ("a pipe", streams::unread_pipe()),
        ("a pipe that does not block", streams::non_blocking_pipe()),
        ("a named pipe", streams::named_pipe(folder.path())),
        ("a socket", streams::socket()),
        ("a pipe without a reader", streams::abandoned_pipe()),
        ("a full disk", streams::full_disk()),
    ];
    for (name, (stderr, _other_end)) in streams {
        let data = tempfile::tempdir().unwrap();
        let host = host(&data, stderr);
        // These lines are more than the buffer of a socket holds.
        assert_eq!(ask(&host.url, "/healthz", 1600).await.len(), 1600, "{name}");
        assert_eq!(host.end("TERM").0, Some(0), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_nobody_read_are_counted_and_reported_when_the_reader_is_back() {
    let data = tempfile::tempdir().unwrap();
    let (reader, writer) = pipe().unwrap();
    let host = host(&data, writer.into());
    let metrics = host.metrics().to_owned();
    let mut dropped = 0.0;
    while dropped == 0.0 {
        ask(&host.url, "/healthz", 1600).await;
        dropped = scrape(&metrics).await["portdesk_log_lines_dropped_total"];
    }
    let mut lines = BufReader::new(reader).lines();
    let is_report = |line: &String| line.contains("log lines were dropped");
    let report = lines.by_ref().map(Result::unwrap).find(is_report).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["level"], "ERROR");
    let reported = report["lines"].as_f64().unwrap();
    assert_eq!(scrape(&metrics).await["portdesk_log_lines_dropped_total"], reported);
    let rest = std::thread::spawn(move || lines.map(Result::unwrap).filter(is_report).count());
    assert_eq!(host.end("TERM").0, Some(0));
    assert_eq!(rest.join().unwrap(), 0, "it is reported once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_reads_gets_every_line_and_the_last_one_at_the_end() {
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log");
    let in_file = host(&data, File::create(&log).unwrap().into());
    let mut ids: HashSet<String> = ask(&in_file.url, "/healthz", 4992).await.into_iter().collect();
    assert_eq!(in_file.end("TERM").0, Some(0));
    let last = check_lines(fs::read_to_string(&log).unwrap().lines().map(str::to_owned), &mut ids);
    assert_eq!(last["message"], "stopped");

    let data = tempfile::tempdir().unwrap();
    let (reader, writer) = pipe().unwrap();
    let piped = host(&data, writer.into());
    let read =
        std::thread::spawn(move || BufReader::new(reader).lines().map(Result::unwrap).collect::<Vec<_>>());
    let mut ids: HashSet<String> = ask(&piped.url, "/healthz", 4992).await.into_iter().collect();
    assert_eq!(piped.end("TERM").0, Some(0));
    let last = check_lines(read.join().unwrap().into_iter(), &mut ids);
    assert_eq!(last["message"], "stopped");
}

/// Asserts that each answer has a line. Returns the last line.
fn check_lines(lines: impl Iterator<Item = String>, ids: &mut HashSet<String>) -> Value {
    let mut last = Value::Null;
    for line in lines {
        last = serde_json::from_str(&line).unwrap();
        if last["message"] == "answered" {
            ids.remove(last["request_id"].as_str().unwrap());
        }
    }
    assert!(ids.is_empty(), "{} answers have no line", ids.len());
    last
}
