//! Answers that a fault keeps from the client, over HTTP/1.1 and HTTP/2.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Console, controlled};
use crate::harness::{KEY, Process, path};

/// The versions of HTTP that a client can speak without TLS.
fn clients() -> [(&'static str, reqwest::Client); 2] {
    let client = reqwest::Client::builder().no_proxy();
    let http2 = reqwest::Client::builder().no_proxy().http2_prior_knowledge();
    [("HTTP/1.1", client.build().unwrap()), ("HTTP/2", http2.build().unwrap())]
}

async fn set(console: &Console, rule: Value) {
    console.change(Method::PUT, "/v1/faults", json!({ "rules": [rule] })).await;
}

fn create(client: &reqwest::Client, host: &Process, key: &str) -> reqwest::RequestBuilder {
    let body = json!({"caller_id": "ada", "issue_description": "The VPN drops."});
    client
        .post(format!("{}/tickets", host.url))
        .header("x-api-key", KEY)
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(body.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_that_is_repeated_with_its_key_makes_one_ticket() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    for (version, client) in clients() {
        console.change(Method::POST, "/v1/reset", json!({})).await;
        set(&console, json!({"at": "answer", "operation": "create_ticket", "do": "lost", "times": 1})).await;
        let lost = create(&client, &host, "one").send().await;
        assert!(lost.is_err(), "{version}: {lost:?}");
        assert_eq!(console.read("/v1/state/hash").await["items"], 1, "{version}");
        let repeated = create(&client, &host, "one").send().await.unwrap();
        assert_eq!(repeated.status(), 201, "{version}");
        assert_eq!(console.read("/v1/state/hash").await["items"], 1, "{version}");
        let calls = console.read("/v1/calls?op=create_ticket").await;
        let calls = calls["calls"].as_array().unwrap();
        let faults: Vec<_> = calls.iter().map(|call| call["faults"].as_array().unwrap().len()).collect();
        assert_eq!(faults[faults.len() - 2..], [1, 0], "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_over_http2_resets_its_stream_and_no_other() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    let [_, (_, client)] = clients();
    // The slow request is on the same connection, and its answer comes after the lost one.
    let slow = json!({"at": "door", "operation": "list_recent_tickets", "do": {"delay_ms": 300}});
    let lost = json!({"at": "answer", "operation": "create_ticket", "do": "lost"});
    console.change(Method::PUT, "/v1/faults", json!({ "rules": [slow, lost] })).await;
    let list = client.get(format!("{}/tickets?caller=ada", host.url)).header("x-api-key", KEY);
    let list = tokio::spawn(list.send());
    assert!(create(&client, &host, "two").send().await.is_err());
    assert_eq!(list.await.unwrap().unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_answer_promises_more_than_it_sends() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let (console, ticket) = (Console::of(&host), host.client().create("ada", "The VPN drops.").await);
    set(&console, json!({"at": "answer", "do": "truncated"})).await;
    for (version, client) in clients() {
        let url = format!("{}{}", host.url, path(&ticket));
        let mut answer = client.get(&url).header("x-api-key", KEY).send().await.unwrap();
        let promised = answer.content_length().unwrap();
        let mut received = 0;
        let ended = loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => received += chunk.len() as u64,
                ended => break ended,
            }
        };
        assert!(ended.is_err(), "{version}");
        assert_eq!(received, promised / 2, "{version}");
        let head = client.head(&url).header("x-api-key", KEY).send().await.unwrap();
        assert_eq!(head.status(), 200, "{version}: an answer without a body is whole");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dripped_answer_comes_in_pieces_and_is_whole() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let (console, ticket) = (Console::of(&host), host.client().create("ada", "The VPN drops.").await);
    set(&console, json!({"at": "answer", "do": {"dripped": {"bytes": 50, "ms": 5}}})).await;
    for (version, client) in clients() {
        let url = format!("{}{}", host.url, path(&ticket));
        let begun = std::time::Instant::now();
        let mut answer = client.get(&url).header("x-api-key", KEY).send().await.unwrap();
        let (mut pieces, mut body) = (0_u32, Vec::new());
        while let Some(chunk) = answer.chunk().await.unwrap() {
            pieces += 1;
            body.extend_from_slice(&chunk);
        }
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), ticket, "{version}");
        assert!(pieces >= 4, "{version}: {pieces}");
        assert!(begun.elapsed().as_millis() >= 15, "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_shows_in_the_journal_and_never_in_the_answer() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    for (fault, status) in [
        (json!({"at": "door", "do": {"refuse": "too_many_requests"}}), 429),
        (json!({"at": "door", "do": {"refuse": "limit_exceeded"}}), 429),
        (json!({"at": "door", "do": {"refuse": "forbidden"}}), 403),
        (json!({"at": "door", "do": {"refuse": "busy"}}), 503),
        (json!({"at": "store", "do": "unavailable"}), 503),
        (json!({"at": "answer", "do": {"replaced": {"status": 502}}}), 502),
    ] {
        let mut rule = fault.clone();
        rule["id"] = json!("the-name-of-the-rule");
        set(&console, rule).await;
        // An answer that a gateway makes is not one of the contract.
        let request = host.client().request("GET", "/tickets?caller=ada");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{fault}");
        let shown = format!("{:?}{}", answer.headers().clone(), answer.text().await.unwrap());
        for hint in ["the-name-of-the-rule", "fault", "injected"] {
            assert!(!shown.contains(hint), "{fault}: {shown}");
        }
        let calls = console.read("/v1/calls?limit=1").await;
        assert_eq!(calls["calls"][0]["faults"][0]["rule"], "the-name-of-the-rule", "{fault}: {calls}");
    }
    set(&console, json!({"at": "ready", "do": "red"})).await;
    let ready = async || reqwest::get(format!("{}/readyz", host.url)).await.unwrap().status().as_u16();
    assert_eq!(ready().await, 503);
    console.change(Method::PUT, "/v1/faults", json!({"rules": []})).await;
    assert_eq!(ready().await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credential_is_in_the_journal_or_in_what_is_exported() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    let canaries = ["canary-cookie-7", "canary-bearer-7", "canary-password-7"];
    let headers = [
        ("cookie", canaries[0]),
        ("authorization", &*format!("Bearer {}", canaries[1])),
        ("proxy-authorization", canaries[2]),
    ];
    let body = json!({"caller_id": "ada", "issue_description": "The VPN drops."});
    host.client().send("POST", "/tickets", &headers, Some(&body)).await.expect(201);
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params":
        {"name": "list_recent_tickets", "arguments": {"caller": "ada"}}});
    let message = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{}/mcp", host.url))
        .header("authorization", format!("Bearer {KEY}"))
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
        .body(message.to_string());
    assert_eq!(message.send().await.unwrap().status(), 200);
    console.change(Method::PUT, "/v1/snapshots/kept", json!({})).await;
    let calls = console.read("/v1/calls").await;
    assert_eq!(calls["calls"].as_array().unwrap().len(), 2, "{calls}");
    let mut shown = calls.to_string();
    for call in calls["calls"].as_array().unwrap() {
        shown += &console.read(&format!("/v1/calls/{}", call["n"])).await.to_string();
    }
    shown += &console.read("/v1/calls?format=har").await.to_string();
    shown += &console.read("/v1/shape").await.to_string();
    assert!(shown.contains("The VPN drops."));
    for secret in canaries.iter().chain(&[KEY, &*console.token]) {
        assert!(!shown.contains(secret), "{secret}");
    }
}
