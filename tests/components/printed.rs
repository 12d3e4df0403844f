//! What a component prints: the first lines of a request, in the log at level debug, under its request id.

use std::path::Path;

use serde_json::Value;

use super::CURIOUS_FILE;
use crate::harness::{Logged, serve};

fn start(data: &Path, format: &str, flags: &[&str]) -> Logged {
    let fixed = ["--store", "memory", "--component", CURIOUS_FILE, "--log-format", format];
    Logged::start(data, serve(data, &fixed).args(flags))
}

/// The lines of the log with the output of a component.
fn printed(log: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(|line| line["message"].as_str().is_some_and(|text| text.contains("component printed")))
        .collect()
}

async fn ask(logged: &Logged, path: &str, body: &str) -> (u16, String) {
    let response = logged.host.client().request("POST", path).body(body.to_owned()).send().await.unwrap();
    let request_id = response.headers()["x-amzn-requestid"].to_str().unwrap().to_owned();
    (response.status().as_u16(), request_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_component_prints_is_in_the_log_under_its_request() {
    let data = tempfile::tempdir().unwrap();
    let logged = start(data.path(), "json", &["--log-level", "debug"]);
    let (status, first) = ask(&logged, "/print", "one\ntwo").await;
    assert_eq!(status, 200);
    let (_, second) = ask(&logged, "/panic", "for a reason").await;
    let (_, third) = ask(&logged, "/print-odd", "").await;
    let (log, _) = logged.end();
    let lines = printed(&log);
    let of = |id: &str, stream: &str| {
        let found = lines.iter().filter(|line| line["request_id"] == id && line["stream"] == stream);
        found.map(|line| line["line"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(&first, "stdout"), ["one", "two"]);
    assert_eq!(of(&first, "stderr"), ["to stderr: one", "two"], "a line that was not ended is a line");
    let panic = of(&second, "stderr").join(" ");
    assert!(panic.contains("panicked at") && panic.contains("on purpose: for a reason"), "{panic}");
    assert_eq!(of(&third, "stdout"), ["\u{1b}[31mred\rforged\0 line\u{202e}"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_output_is_cut_and_fills_neither_log_nor_memory() {
    let data = tempfile::tempdir().unwrap();
    let logged = start(data.path(), "json", &["--log-level", "debug", "--time-limit-ms", "700"]);
    ask(&logged, "/", "").await;
    let before = logged.host.resident_kib();
    let (status, many) = ask(&logged, "/print-without-end", "").await;
    assert_eq!(status, 504);
    let (status, long) = ask(&logged, "/print-one-line-without-end", "").await;
    assert_eq!(status, 504);
    let grown = logged.host.resident_kib().saturating_sub(before);
    let (log, _) = logged.end();
    let lines = printed(&log);
    let of = |id: &str| lines.iter().filter(|line| line["request_id"] == id).collect::<Vec<_>>();
    assert_eq!(of(&many).len(), 33, "32 lines, and that there are more");
    assert!(of(&many)[32]["message"].as_str().unwrap().contains("more than 32 lines"));
    let [line] = of(&long)[..] else { panic!("{lines:?}") };
    assert_eq!((line["line"].as_str().unwrap().len(), &line["is_cut"]), (512, &Value::Bool(true)));
    assert!(grown < 20_000, "{grown} KiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn above_level_debug_nothing_of_it_is_in_the_log() {
    let data = tempfile::tempdir().unwrap();
    let logged = start(data.path(), "json", &["--log-level", "info"]);
    assert_eq!(ask(&logged, "/print", "a word of the component").await.0, 200);
    let (log, _) = logged.end();
    assert!(!log.contains("a word of the component"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_for_people_shows_odd_characters_as_escapes() {
    let data = tempfile::tempdir().unwrap();
    let logged = start(data.path(), "text", &["--log-level", "debug"]);
    ask(&logged, "/print-odd", "").await;
    let (log, _) = logged.end();
    let line = log.lines().find(|line| line.contains("component printed")).unwrap();
    assert!(line.contains(r"\u{1b}[31mred\rforged\0 line\u{202e}"), "{line}");
}
