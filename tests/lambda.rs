//! The function of AWS Lambda: the real program against an emulator of Lambda. `end_to_end` runs its scenarios through it too.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hyper::{HeaderMap, Method};
use portdesk_test_support::{Server, free_port};
use serde_json::{Value, json};

use crate::faults::{Fault, Plan, Proxy};
use crate::harness::{
    Answer, Front, Function, LONG, Table, assert_no_key, comments_path, event, packaged, path,
};
use crate::isolation::HOSTILE_FILE;

/// An event that creates an item, with the id of a gateway's key.
fn creation(body: &Value) -> Value {
    let headers =
        HeaderMap::from_iter([("content-type".parse().unwrap(), "application/json".parse().unwrap())]);
    event(&Method::POST, "/tickets", &headers, body.to_string().as_bytes(), "r1")
}

fn new_ticket() -> Value {
    json!({"caller_id": "ada", "issue_description": "The VPN drops."})
}

/// What a client sees of an answer, without what belongs to the connection and to the moment.
fn seen(answer: &Answer) -> (u16, BTreeMap<&str, Vec<&str>>, &[u8]) {
    let mut headers = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in &answer.headers {
        if !["connection", "date", "transfer-encoding", "x-amzn-requestid"].contains(&name.as_str()) {
            headers.entry(name.as_str()).or_default().push(value.as_str());
        }
    }
    (answer.status, headers, &answer.body)
}

/// `Front` asserts which members the response has, and the client that the answer keeps the contract.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_answers_as_a_host_does_whatever_made_the_event() {
    let table = Table::create().await;
    let host = table.host();
    let ticket = host.client().create("ada", "The VPN drops.").await;
    let etag = host.client().get(&path(&ticket)).await.header("etag").to_owned();
    let requests = [
        ("GET", path(&ticket), vec![], None),
        ("HEAD", path(&ticket), vec![], None),
        ("GET", path(&ticket), vec![("if-none-match", etag.as_str())], None),
        ("GET", "/tickets?caller=ada&limit=1".to_owned(), vec![], None),
        ("GET", "/tickets?caller=a%20b%26%C3%BC&caller=c".to_owned(), vec![], None),
        ("GET", "/tickets".to_owned(), vec![("accept", "application/problem+json")], None),
        ("GET", "/tickets/a%2Fb".to_owned(), vec![], None),
        ("OPTIONS", comments_path(&ticket), vec![], None),
        ("DELETE", path(&ticket), vec![], None),
        ("POST", "/tickets".to_owned(), vec![], Some(json!({"caller_id": "", "issue_description": "x"}))),
        ("POST", "/tickets".to_owned(), vec![("content-encoding", "gzip")], Some(new_ticket())),
        ("PATCH", path(&ticket), vec![("if-match", "\"999\"")], Some(json!({"status": "resolved"}))),
        ("PATCH", path(&ticket), vec![], Some(json!({"status": "open"}))),
    ];
    for front in [Front::RestApi, Front::HttpApi, Front::FunctionUrl] {
        let function = Function::start_behind(front, &table.server.endpoint).await;
        for (method, path, headers, body) in &requests {
            // An HTTP API decodes a path before the function sees it.
            let known = if front == Front::HttpApi { &path.replace("%2F", "/") } else { path };
            let expected = host.client().send(method, known, headers, body.as_ref()).await;
            let answer = function.client().send(method, path, headers, body.as_ref()).await;
            assert_eq!(seen(&answer), seen(&expected), "{front:?}: {method} {path}");
        }
        function.stop().await;
    }
    host.stop().await;
}

/// Asserts that the function answers its next event.
async fn answers_the_next_event(function: &Function) {
    function.client().create("ada", "The VPN drops.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_answered_whatever_came_before() {
    let table = Table::create().await;
    let function = Function::start(&table.server.endpoint).await;
    // The two client contexts that AgentCore sends.
    for context in [
        r#"{"custom":{"bedrockAgentCorePropagatedHeaders":{"a":"b"},"bedrockAgentCoreToolName":"x___y"}}"#,
        r#"{"custom":{"nested":[1,{"deeper":null}]}}"#,
        "not JSON",
    ] {
        let answer = function.invoke(creation(&new_ticket()).to_string(), Some(context), LONG).await;
        assert_eq!(answer.unwrap()["statusCode"], 201, "{context}");
    }
    for event in ["", "{}", "null", "[1]", "{\"httpMethod\":", "\"text\""] {
        let error = function.invoke(event, None, LONG).await.unwrap_err();
        assert_eq!(error["errorType"], "Portdesk.UnknownEvent", "{event}");
        answers_the_next_event(&function).await;
    }
    // In base64, the largest event of Lambda: a little less than 6 MB.
    let large = json!({"caller_id": "ada", "issue_description": "x".repeat(4_700_000)});
    let answer = function.invoke(creation(&large).to_string(), None, LONG).await.unwrap();
    assert_eq!(answer["statusCode"], 413);
    answers_the_next_event(&function).await;
    function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_without_the_id_of_a_key_is_refused_unless_a_setting_names_its_client() {
    let table = Table::create().await;
    let mut event = creation(&new_ticket());
    event["requestContext"]["identity"] = json!({"apiKey": crate::harness::KEY});
    let of_url = json!({
        "version": "2.0",
        "rawPath": "/tickets",
        "rawQueryString": "caller=ada",
        "headers": {"accept": "application/json"},
        "requestContext": {"http": {"method": "GET"}, "stage": "$default",
            "domainName": "id.lambda-url.us-east-1.on.aws"},
        "isBase64Encoded": false,
    });
    let function = Function::start(&table.server.endpoint).await;
    for event in [&event, &of_url] {
        let answer = function.invoke(event.to_string(), None, LONG).await.unwrap();
        assert_eq!(answer["statusCode"], 403);
    }
    function.stop().await;
    let variables = [("PORTDESK_LAMBDA_CLIENT", "everybody")];
    let function = Function::start_with(&table.server.endpoint, &variables).await;
    assert!(function.log().contains("PORTDESK_LAMBDA_CLIENT is set"), "the operator sees it at every start");
    let created = function.invoke(event.to_string(), None, LONG).await.unwrap();
    assert_eq!(created["statusCode"], 201);
    let listed = function.invoke(of_url.to_string(), None, LONG).await.unwrap();
    assert_eq!(listed["statusCode"], 200);
    assert_eq!(listed["headers"]["content-type"], "application/json");
    let page: Value = serde_json::from_str(listed["body"].as_str().unwrap()).unwrap();
    assert_eq!(page["tickets"].as_array().unwrap().len(), 1);
    function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_traps_or_loops_costs_only_its_own_event() {
    let table = Table::create().await;
    let variables = [("PORTDESK_COMPONENT", HOSTILE_FILE), ("PORTDESK_STORE", "memory")];
    let function = Function::start_with(&table.server.endpoint, &variables).await;
    for (path, status, deadline) in [
        ("/trap", 500, LONG),
        ("/loop", 504, Duration::from_secs(1)),
        ("/good", 200, LONG),
        ("/bomb", 500, LONG),
        ("/pages", 200, LONG),
    ] {
        let event = event(&Method::POST, path, &HeaderMap::new(), b"", "r1").to_string();
        let begun = Instant::now();
        let answer = function.invoke(event, None, deadline).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{path}: {answer}");
        assert!(begun.elapsed() < deadline, "{path} is answered before Lambda ends the process");
    }
    function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_hangs_is_a_504_with_its_outcome_before_the_deadline() {
    let table = Table::create().await;
    let proxy = Proxy::start(&table.server.endpoint, Plan::none()).await;
    let function = Function::start(&proxy.url).await;
    proxy.follow(Plan::always(Fault::HangBefore));
    let (begun, deadline) = (Instant::now(), Duration::from_secs(2));
    let answer = function.invoke(creation(&new_ticket()).to_string(), None, deadline).await.unwrap();
    assert!(begun.elapsed() < deadline);
    assert_eq!(answer["statusCode"], 504, "{answer}");
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["outcome"], "unknown");
    proxy.follow(Plan::none());
    answers_the_next_event(&function).await;
    function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_function_whose_connections_died_writes_once() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let database = folder.path().join("tables");
    let table = Table::create_on(Server::start_over(&database, port)).await;
    let function = Function::start(&table.server.endpoint).await;
    let first = function.client().create("ada", "The VPN drops.").await;
    function.signal("STOP");
    drop(table);
    let table = Server::start_over(&database, port);
    function.signal("CONT");
    let second = function.client().create("ada", "The VPN drops again.").await;
    let page = function.client().get("/tickets?caller=ada").await.expect(200).json();
    let ids: Vec<_> = page["tickets"].as_array().unwrap().iter().map(|ticket| &ticket["ticket_id"]).collect();
    assert_eq!(ids, [&second["ticket_id"], &first["ticket_id"]]);
    function.stop().await;
    drop(table);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_cannot_start_reports_a_sentence_and_ends() {
    let server = Server::start();
    for (variables, sentence) in [
        (&[][..], "--table tickets: "),
        (&[("TABLE_NAME", "a b")][..], "TABLE_NAME: "),
        (&[("TABLE_NAME", "")][..], "--table: name the table of the function, or set TABLE_NAME"),
        (&[("REGION", "no region")][..], "REGION: "),
    ] {
        let mut function = Function::spawn(&server.endpoint, variables);
        assert!(!function.wait().success());
        let error = function.start_error().expect("it reports the error to Lambda");
        let text = error["errorMessage"].as_str().unwrap();
        assert!(text.starts_with(sentence), "{text}");
        assert!(function.log().contains(text), "{}", function.log());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_logs_json_with_the_request_id_of_the_gateway_and_without_the_key() {
    let table = Table::create().await;
    let function = Function::start(&table.server.endpoint).await;
    let answer = function.invoke(creation(&new_ticket()).to_string(), None, LONG).await.unwrap();
    assert_eq!(answer["multiValueHeaders"]["x-amzn-requestid"], json!(["r1"]));
    // A line is written by a thread of its own, after the answer.
    crate::harness::until("the line of the request", async || function.log().contains("r1")).await;
    for line in function.log().lines() {
        assert!(
            serde_json::from_str::<Value>(line).unwrap().is_object(),
            "the template asks for JSON: {line}"
        );
    }
    // The drop asserts that the log has no key.
    function.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_reaches_the_tools_through_the_gateway() {
    let table = Table::create().await;
    let function = Function::start(&table.server.endpoint).await;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "create_ticket", "arguments": new_ticket()}});
    let request = function.client().request("POST", "/mcp");
    let request = request
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-06-18");
    let answer = request.body(call.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let ticket = &answer["result"]["structuredContent"];
    function.client().get(&path(ticket)).await.expect(200);
    function.stop().await;
}

/// How much longer the first request for an event takes than the process itself: the shortest of several starts, because the
/// machine may do other things.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_starts_in_60_ms() {
    if packaged().is_none() {
        println!("NOT RUN: a program without optimization starts later; `.ci/long` measures the package");
        return;
    }
    let table = Table::create().await;
    let (mut starts, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        bare.push(Function::time_of_bare_process());
        let function = Function::start(&table.server.endpoint).await;
        starts.push(function.time_of_start());
        function.stop().await;
    }
    starts.sort();
    bare.sort();
    println!("first request for an event after {:?} to {:?}", starts[0], starts[19]);
    println!("a process that only prints its version: {:?} to {:?}", bare[0], bare[19]);
    assert!(starts[0] - bare[0] <= Duration::from_millis(60), "{starts:?} {bare:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_stays_small_after_a_thousand_events() {
    let table = Table::create().await;
    let function = Function::start(&table.server.endpoint).await;
    let ticket = function.client().create("ada", "The VPN drops.").await;
    let get = event(&Method::GET, &path(&ticket), &HeaderMap::new(), b"", "r1").to_string();
    for _ in 0..1000 {
        let answer = function.invoke(get.clone(), None, LONG).await.unwrap();
        assert_eq!(answer["statusCode"], 200);
    }
    println!("{} KiB are resident after 1,000 events", function.resident_kib());
    assert!(function.resident_kib() < 128 * 1024, "{} KiB", function.resident_kib());
    function.stop().await;
}

#[test]
#[should_panic = "a log has the key"]
fn a_key_is_found_in_a_log_as_json_has_it() {
    assert_no_key("a log", r#"{"sent":"a\"b"}"#, "a\"b");
}

#[test]
#[should_panic = "a log is empty"]
fn an_empty_log_is_no_proof() {
    assert_no_key("a log", "\n", "a");
}
