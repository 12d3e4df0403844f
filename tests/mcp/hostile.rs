//! Components that misbehave, and a contract of another domain: every answer is one of the protocol, and no call hurts another.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{call, message, text};
use crate::harness::{Client, KEY, LONG, Running, until};
use crate::isolation::hostile;

async fn start(flags: &[&str]) -> Running {
    let flags = [flags, &["--store", "memory"]].concat();
    Running::start_component(hostile(&flags), &flags).await
}

async fn answer(client: &Client, body: &Value) -> Value {
    let request = client.request("POST", "/mcp").header("content-type", "application/json");
    let answer = timeout(LONG, request.body(body.to_string()).send()).await.unwrap().unwrap();
    assert_eq!(answer.status(), 200, "{body}");
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn another_contract_has_other_tools() {
    let host = start(&[]).await;
    let client = host.client();
    let list = answer(&client, &message("tools/list", &json!({}))).await;
    let tools = list["result"]["tools"].as_array().unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["observe_fault", "commit_fault", "replace_fault", "remove_fault", "list_faults"]);
    assert_eq!(tools[2]["annotations"]["idempotentHint"], true);
    assert_eq!(tools[2]["inputSchema"]["properties"]["plan"]["properties"]["by"]["type"], "string");
    assert_eq!(tools[4].get("outputSchema"), None, "an array is no structured answer");
    let listed = answer(&client, &call("list_faults", &json!({}))).await;
    assert_eq!(listed["result"]["isError"], false, "{listed}");
    let replaced = json!({ "fault": "none", "name": "x", "plan": { "by": "ada", "at": [1, 2] } });
    let replaced = answer(&client, &call("replace_fault", &replaced)).await;
    assert_eq!(replaced["result"]["isError"], false, "{replaced}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_traps_loops_or_answers_too_much_is_an_error_for_its_agent_alone() {
    let host = start(&["--time-limit-ms", "1000"]).await;
    let client = host.client();
    for fault in [
        "trap",
        "panic",
        "loop",
        "bomb",
        "huge-answer",
        "large-answer",
        "get-flood",
        "status-too-high",
        "split-header",
        "recursion",
    ] {
        let beside = call("commit_fault", &json!({ "fault": "nothing" }));
        let fault = call("commit_fault", &json!({ "fault": fault }));
        let (failed, good) = tokio::join!(answer(&client, &fault), answer(&client, &beside));
        assert_eq!(failed["result"]["isError"], true, "{fault}: {failed}");
        let status = text(&failed).split(' ').next().unwrap();
        assert!(["500", "504"].contains(&status) && text(&failed).contains("request "), "{failed}");
        assert_eq!(good["result"]["isError"], false, "{fault}: {good}");
    }
    host.stop().await;
}

/// The largest answer that a component may give has 4 MiB.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_five_megabytes_is_an_error_for_its_agent_alone() {
    let host = start(&[]).await;
    let client = host.client();
    let large = call("observe_fault", &json!({ "fault": "five-megabytes" }));
    let good = call("observe_fault", &json!({ "fault": "nothing" }));
    for _ in 0..8 {
        let (large, good) = tokio::join!(answer(&client, &large), answer(&client, &good));
        assert_eq!((&large["jsonrpc"], &large["id"]), (&json!("2.0"), &json!(1)));
        assert_eq!((&large["result"]["isError"], &good["result"]["isError"]), (&json!(true), &json!(false)));
        assert!(text(&large).starts_with("500 ") && text(&large).contains("request "), "{large}");
        assert!(large.to_string().len() < 500, "nothing of it is passed on");
    }
    host.stop().await;
}

/// Strict parity leaves out of a refusal whether a write may have been done, and the agent must know it all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_had_no_answer_is_never_to_be_repeated_blindly() {
    for parity in ["friendly", "strict"] {
        let host = start(&["--time-limit-ms", "500", "--parity", parity]).await;
        let client = host.client();
        let written = answer(&client, &call("commit_fault", &json!({ "fault": "loop" }))).await;
        assert!(text(&written).contains("It may have been done."), "{parity}: {written}");
        let read = answer(&client, &call("observe_fault", &json!({ "fault": "loop" }))).await;
        assert!(text(&read).contains("Repeat the call"), "{parity}: {read}");
        host.stop().await;
    }
}

#[tokio::test]
async fn a_value_never_leaves_its_segment_of_the_path() {
    let host = start(&[]).await;
    let client = host.client();
    for value in [
        "../trap",
        "%2e%2e/trap",
        "/trap",
        "x?y=/trap",
        "..",
        ".",
        "trap/",
        "trap#",
        "\\..\\trap",
        "trap\u{0}",
    ] {
        let good = answer(&client, &call("commit_fault", &json!({ "fault": value }))).await;
        assert_eq!(good["result"]["isError"], false, "{value}: {good}");
    }
    host.stop().await;
}

/// Sends a call and closes the connection while the component works on it.
async fn leave(host: &Running, body: &Value) {
    let body = body.to_string();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut connection = TcpStream::connect(host.address()).await.unwrap();
    connection.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    until("the component works", async || in_use(host).await > 0.0).await;
    drop(connection);
}

async fn metric(host: &Running, name: &str) -> f64 {
    let metrics = reqwest::get(host.metrics.as_ref().unwrap()).await.unwrap().text().await.unwrap();
    let line =
        metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap_or_default();
    line.parse().unwrap_or_default()
}

async fn in_use(host: &Running) -> f64 {
    metric(host, "portdesk_instances_in_use").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_cancels_a_read_and_not_a_write() {
    let host = start(&["--time-limit-ms", "3000", "--metrics", "127.0.0.1:0"]).await;
    // The component loops until the deadline, unless the call is cancelled before.
    leave(&host, &call("observe_fault", &json!({ "fault": "loop" }))).await;
    let begun = std::time::Instant::now();
    until("the read is cancelled", async || in_use(&host).await == 0.0).await;
    assert!(begun.elapsed() < Duration::from_millis(2000), "the read went on to its deadline");
    leave(&host, &call("commit_fault", &json!({ "fault": "loop" }))).await;
    tokio::time::sleep(Duration::from_millis(1000)).await;
    assert_eq!(in_use(&host).await as u32, 1, "the write was cancelled");
    host.stop().await;
}
