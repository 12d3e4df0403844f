//! The function of the desk's stack as ministack runs it: the real package behind the API of the template, over its table.

use std::process::Command;

use serde_json::{Value, json};

use super::cloud::Cloud;
use super::package;
use super::stack::Stack;
use crate::harness::{Client, assert_no_key, comments_path, path, until};

const LIST: &str = "/tickets?caller=ada";

#[tokio::test(flavor = "multi_thread")]
async fn people_and_agents_use_the_desk_through_the_gateway_and_their_tickets_outlive_the_stack() {
    let cloud = Cloud::start();
    let stack = cloud.deploy(package::of_this_build()).await;
    stack.connect().await;
    let key = stack.secret().await;
    let client = stack.client(&key).await;
    uses_every_operation(&client).await;
    calls_a_tool(&client).await;
    // Another request, because ministack passes on the last lines of a function only after its next event.
    client.get(LIST).await.expect(200);
    let logs = cloud.logs().await;
    for line in ["create_ticket", "PORTDESK_LAMBDA_CLIENT is set"] {
        assert!(logs.contains(line), "{line} is not in {logs}");
    }
    assert_no_key("a log of the stack", &logs, &key);
    let table = stack.output("TableName").await;
    stack.delete().await;
    let items = cloud.call("dynamodb", "DynamoDB_20120810.Scan", &json!({ "TableName": table })).await;
    let mut callers: Vec<_> = items["Items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|item| item["caller_id"]["S"].as_str())
        .collect();
    callers.sort_unstable();
    assert_eq!(callers, ["ada", "grace"], "{items}");
}

async fn uses_every_operation(client: &Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
    let comment = json!({ "comment": "Only on floor 3." });
    client.post(&comments_path(&ticket), &comment).await.expect(200);
    let change = json!({ "status": "in_progress" });
    client.send("PATCH", &path(&ticket), &[], Some(&change)).await.expect(200);
    let found = client.get(&path(&ticket)).await.expect(200).json();
    assert_eq!((&found["status"], found["comments"].as_array().unwrap().len()), (&json!("in_progress"), 1));
    let listed = client.get(LIST).await.expect(200).json();
    assert_eq!(listed["tickets"][0]["ticket_id"], ticket["ticket_id"]);
    assert_eq!(listed["tickets"][0]["comment_count"], 1);
}

/// An agent creates a ticket, which the API then has.
async fn calls_a_tool(client: &Client) {
    let arguments = json!({ "caller_id": "grace", "issue_description": "The badge does not open door 2." });
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "create_ticket", "arguments": arguments } });
    let request = client.request("POST", "/mcp");
    let request = request
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-06-18");
    let answer = request.body(call.to_string()).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, 200, "{text}");
    let answer: Value = text.parse().unwrap();
    client.get(&path(&answer["result"]["structuredContent"])).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_package_and_a_new_quota_go_live_by_an_update_of_the_stack() {
    let cloud = Cloud::start();
    let mut stack = cloud.deploy(package::uncalled()).await;
    let key = stack.secret().await;
    let list = async |stack: &Stack<'_>| stack.asked("GET", LIST, Some(&key)).await;
    assert_eq!(list(&stack).await.0, 502, "the first package cannot answer");
    cloud.upload("better.zip", package::of_this_build()).await;
    stack.code_key = "better.zip";
    stack.update().await;
    stack.connect().await;
    let (status, text) = list(&stack).await;
    assert_eq!(status, 200, "{text}");

    stack.template["Resources"]["Plan"]["Properties"]["Quota"]["Limit"] = 4.into();
    stack.update().await;
    // Two requests are counted already.
    for status in [200, 200, 429] {
        let (found, text) = list(&stack).await;
        assert_eq!(found, status, "{text}");
    }
    let refused: Value = list(&stack).await.1.parse().unwrap();
    assert_eq!(refused["type"], "urn:portdesk:problem:quota-exceeded");
    assert_eq!(refused["message"], "Limit Exceeded");
    assert_no_key("a log of the stack", &cloud.logs().await, &key);

    let functions = cloud.functions();
    assert!(functions.iter().any(|function| runs(*function)), "{functions:?}");
    drop(cloud);
    until("the processes of the functions end", async || !functions.iter().any(|id| runs(*id))).await;
}

/// Whether a process runs. One that has ended stays in the list until its parent asks for its exit code.
fn runs(process: u32) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", &process.to_string()]).output().unwrap().stdout;
    !state.trim_ascii().is_empty() && !state.starts_with(b"Z")
}
