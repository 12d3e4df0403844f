//! What a message is answered over HTTP: the same door and the same operations as a request of the API.

use reqwest::Response;
use serde_json::{Value, json};

use super::{call, key_on_plan, message, text};
use crate::harness::{Client, KEY, Running};

async fn send(host: &Running, headers: &[(&str, &str)], body: &str) -> Response {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http.post(format!("{}/mcp", host.url)).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.to_owned()).send().await.unwrap()
}

async fn answer(host: &Running, body: &Value) -> Value {
    let answer = send(host, &[("x-api-key", KEY)], &body.to_string()).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_message_passes_the_same_door_as_a_request() {
    let host = Running::start(&["--store", "memory"]).await;
    let list = message("tools/list", &json!({})).to_string();
    assert_eq!(send(&host, &[], &list).await.status(), 403);
    assert_eq!(send(&host, &[("x-api-key", "wrong")], &list).await.status(), 403);
    let bearer = format!("bearer {KEY}");
    assert_eq!(send(&host, &[("authorization", &bearer)], &list).await.status(), 200);
    let both = [("authorization", bearer.as_str()), ("x-api-key", "wrong")];
    assert_eq!(send(&host, &both, &list).await.status(), 403);
    let large = format!("{list}{}", " ".repeat(70_000));
    assert_eq!(send(&host, &[("x-api-key", KEY)], &large).await.status(), 413);
    for method in ["GET", "DELETE", "PUT"] {
        let answer = host.client().request(method, "/mcp").send().await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["allow"]), (405, &"POST".parse().unwrap()));
    }
    host.stop().await;
}

#[tokio::test]
async fn pages_of_other_origins_cannot_send_messages() {
    let host = Running::start(&["--store", "memory", "--cors-origin", "https://app.example.net"]).await;
    let list = message("tools/list", &json!({})).to_string();
    for (origin, status) in [
        ("http://localhost:3000", 200),
        ("http://127.0.0.1", 200),
        ("http://[::1]:9", 200),
        ("https://app.example.net", 200),
        ("https://evil.example.net", 403),
        ("http://localhost.evil.example.net", 403),
        (host.url.replace("127.0.0.1", "evil.example.net").as_str(), 403),
        ("null", 403),
    ] {
        let answer = send(&host, &[("x-api-key", KEY), ("origin", origin)], &list).await;
        assert_eq!(answer.status(), status, "{origin}");
    }
    host.stop().await;
}

#[tokio::test]
async fn a_call_is_the_request_that_it_stands_for() {
    let host = Running::start(&["--store", "memory", "--metrics", "127.0.0.1:0"]).await;
    let arguments = json!({ "caller_id": "ada", "issue_description": "No power.", "idempotency_key": "k-1" });
    let created = answer(&host, &call("create_ticket", &arguments)).await;
    let ticket = &created["result"]["structuredContent"];
    assert_eq!(serde_json::from_str::<Value>(text(&created)).unwrap(), *ticket);
    // The same key over HTTP finds the same ticket.
    let body = json!({ "caller_id": "ada", "issue_description": "No power." });
    let again = host.client().send("POST", "/tickets", &[("idempotency-key", "k-1")], Some(&body)).await;
    assert_eq!(again.json()["ticket_id"], ticket["ticket_id"]);
    assert_eq!(
        again.headers.iter().find(|(name, _)| name == "etag").unwrap().1,
        format!("\"{}\"", ticket["etag"].as_str().unwrap())
    );
    let other = json!({ "caller_id": "bob", "issue_description": "No power.", "idempotency_key": "k-1" });
    let refused = answer(&host, &call("create_ticket", &other)).await;
    assert_eq!(refused["result"]["isError"], true);
    assert!(text(&refused).starts_with("422 Idempotency key reused: "), "{refused}");

    let id = &ticket["ticket_id"];
    let stale = json!({ "ticket_id": id, "status": "in_progress", "if_match": "99" });
    let refused = answer(&host, &call("update_ticket_status", &stale)).await;
    assert!(text(&refused).starts_with("412 ") && text(&refused).contains("if_match"), "{refused}");
    let moved = json!({ "ticket_id": id, "status": "in_progress", "if_match": ticket["etag"] });
    let moved = answer(&host, &call("update_ticket_status", &moved)).await;
    assert_eq!(moved["result"]["structuredContent"]["status"], "in_progress", "{moved}");
    let illegal = json!({ "ticket_id": id, "status": "open" });
    let illegal = answer(&host, &call("update_ticket_status", &illegal)).await;
    assert!(text(&illegal).starts_with("409 ") && text(&illegal).contains("\nallowed: "), "{illegal}");
    let missing = answer(&host, &call("get_ticket_status", &json!({ "ticket_id": "a/../b?x=1" }))).await;
    assert!(text(&missing).starts_with("404 "), "{missing}");
    let invalid = answer(&host, &call("create_ticket", &json!({ "caller_id": "ada" }))).await;
    assert!(text(&invalid).contains("issue_description"), "{invalid}");

    let resource =
        message("resources/read", &json!({ "uri": format!("portdesk://tickets/{}", id.as_str().unwrap()) }));
    let resource = answer(&host, &resource).await;
    let read = resource["result"]["contents"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(read).unwrap()["status"], "in_progress");

    let metrics = reqwest::get(host.metrics.as_ref().unwrap()).await.unwrap().text().await.unwrap();
    for line in [
        r#"portdesk_requests_total{operation="create_ticket",status="201",via="mcp"} 1"#,
        r#"portdesk_requests_total{operation="create_ticket",status="422",via="mcp"} 1"#,
        r#"portdesk_requests_total{operation="update_ticket_status",status="409",via="mcp"} 1"#,
        r#"portdesk_requests_total{operation="get_ticket_status",status="200",via="mcp"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    host.stop().await;
}

#[tokio::test]
async fn the_list_of_tools_is_small_and_the_same_each_time() {
    let host = Running::start(&["--store", "memory"]).await;
    let list = message("tools/list", &json!({}));
    let (one, other) = (answer(&host, &list).await, answer(&host, &list).await);
    assert_eq!(one.to_string(), other.to_string());
    let tools = one["result"]["tools"].as_array().unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    let all = [
        "create_ticket",
        "list_recent_tickets",
        "get_ticket_status",
        "update_ticket_status",
        "add_ticket_comment",
    ];
    assert_eq!(names, all);
    assert!(one["result"].to_string().len() <= 10_500, "{}", one["result"].to_string().len());
    let shown = one.to_string();
    for word in ["$ref", "oneOf", "anyOf", "allOf", "x-"] {
        assert!(!shown.contains(&format!("\"{word}")), "{word}");
    }
    for tool in tools {
        let hints = &tool["annotations"];
        let is_read = ["list_recent_tickets", "get_ticket_status"].contains(&tool["name"].as_str().unwrap());
        assert_eq!(hints["readOnlyHint"], is_read, "{tool}");
        assert!(tool["description"].as_str().unwrap().len() > 100, "{tool}");
    }
    host.stop().await;
}

#[tokio::test]
async fn writers_are_hidden_and_refused_where_agents_may_only_read() {
    let host = Running::start(&["--store", "memory", "--mcp-read-only"]).await;
    let list = answer(&host, &message("tools/list", &json!({}))).await;
    assert_eq!(list["result"]["tools"].as_array().unwrap().len(), 2);
    let arguments = json!({ "caller_id": "ada", "issue_description": "No power." });
    let refused = answer(&host, &call("create_ticket", &arguments)).await;
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
    assert!(host.client().get("/tickets?caller=ada").await.json()["tickets"].as_array().unwrap().is_empty());
    host.client().create("ada", "The API itself still writes.").await;
    host.stop().await;
}

/// A refused write costs nothing: the quota of three is there for the reads.
#[tokio::test]
async fn a_plan_that_only_reads_hides_and_refuses_writers_for_its_keys_alone() {
    let data = tempfile::tempdir().unwrap();
    let key = key_on_plan(data.path(), &["--read-only", "--quota", "3"]);
    let flags = ["--store", "memory", "--rate-limit", "plan", "--metrics", "127.0.0.1:0"];
    let host = Running::start_in(data, &flags).await;
    let reader = Client::new(&host.url, Some(&key));
    let ticket = json!({ "caller_id": "ada", "issue_description": "No power." });
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let refused = reader.send(method, "/tickets", &[], Some(&ticket)).await.expect(403);
        assert_eq!(refused.json()["message"], "The plan of the key allows only GET, HEAD and OPTIONS");
    }
    let headers = [("x-api-key", key.as_str())];
    let ask = async |body: Value| {
        let answer = send(&host, &headers, &body.to_string()).await;
        serde_json::from_slice::<Value>(&answer.bytes().await.unwrap()).unwrap()
    };
    let list = ask(message("tools/list", &json!({}))).await;
    let names: Vec<_> =
        list["result"]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    assert_eq!(names, ["list_recent_tickets", "get_ticket_status"]);
    let refused = ask(call("create_ticket", &ticket)).await;
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
    let listed = ask(call("list_recent_tickets", &json!({ "caller": "ada" }))).await;
    assert_eq!(listed["result"]["structuredContent"]["tickets"], json!([]), "{listed}");
    reader.get("/tickets?caller=ada").await.expect(429);
    // A key on another plan still writes.
    let list = answer(&host, &message("tools/list", &json!({}))).await;
    assert_eq!(list["result"]["tools"].as_array().unwrap().len(), 5);
    assert_eq!(answer(&host, &call("create_ticket", &ticket)).await["result"]["isError"], false);
    let metrics = reqwest::get(host.metrics.as_ref().unwrap()).await.unwrap().text().await.unwrap();
    assert!(metrics.contains(r#"portdesk_refusals_total{reason="read_only"} 4"#), "{metrics}");
    host.stop().await;
}

#[tokio::test]
async fn the_request_of_a_call_has_the_limits_of_a_head() {
    let host = Running::start(&["--store", "memory"]).await;
    let long = answer(&host, &call("get_ticket_status", &json!({ "ticket_id": "x".repeat(9000) }))).await;
    assert!(text(&long).starts_with("414 "), "{long}");
    let arguments =
        json!({ "caller_id": "a", "issue_description": "b", "idempotency_key": "k".repeat(20_000) });
    let large = answer(&host, &call("create_ticket", &arguments)).await;
    assert!(text(&large).starts_with("431 "), "{large}");
    host.stop().await;
}
