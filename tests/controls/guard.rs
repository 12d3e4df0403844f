//! Who may use the console, and that nobody reaches it through the API's port.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::{Console, controlled};
use crate::harness::{Client, KEY};

/// The status of the answer and the code of the refusal.
async fn refused(request: RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default();
    assert!(!body["message"].as_str().unwrap_or_default().is_empty(), "a refusal has words: {body}");
    (status, body["error"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_behind_one_guard() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    let with_key = format!("Bearer {KEY}");
    let refusals = [
        (("host", "evil.test"), (421, "misdirected")),
        (("origin", "http://127.0.0.1:9"), (403, "foreign_origin")),
        (("sec-fetch-site", "same-site"), (403, "foreign_site")),
        (("authorization", "Bearer wrong-wrong-wrong-wrong"), (401, "no_token")),
        (("authorization", &with_key), (401, "no_token")),
        (("x-api-key", KEY), (401, "no_token")),
    ];
    for path in ["/v1/events", "/%76%31/events", "/v1%2fevents", "/metrics", "/v1/reset", "/", "/nothing"] {
        for ((name, value), (status, code)) in refusals {
            // The page has no secret, so it needs no token.
            if path == "/" && status == 401 {
                continue;
            }
            for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS] {
                let request = console.bare(method.clone(), path).header(name, value);
                assert_eq!(refused(request).await, (status, code.to_owned()), "{method} {path} {name}");
            }
        }
    }
    assert_eq!(refused(console.get("/%6detrics")).await, (404, "not_found".to_owned()));
    assert_eq!(refused(console.get("/v1%2fevents")).await, (404, "not_found".to_owned()));
    let form = console.bare(Method::POST, "/v1/reset").bearer_auth(&console.token);
    let form = form.header("content-type", "application/x-www-form-urlencoded").body("space=main");
    assert_eq!(refused(form).await, (415, "not_json".to_owned()));
    let large = console.bare(Method::POST, "/v1/reset").bearer_auth(&console.token);
    let large = large.header("content-type", "application/json").body("1".repeat(1_048_577));
    assert_eq!(refused(large).await, (413, "too_large".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_keeps_pages_of_other_origins_out() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    let preflight = console.bare(Method::OPTIONS, "/v1/reset").header("origin", "http://evil.test");
    for request in [
        console.bare(Method::GET, "/"),
        console.get("/metrics"),
        console.get("/nothing"),
        console.bare(Method::GET, "/metrics"),
        preflight.header("access-control-request-method", "POST"),
    ] {
        let answer = request.send().await.unwrap();
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("trusted-types 'none'"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(headers[name], value);
        }
        assert!(headers["cache-control"].to_str().unwrap().contains("no-store"));
        let names = || headers.keys().map(reqwest::header::HeaderName::as_str);
        assert!(!names().any(|name| name.starts_with("access-control") || name == "set-cookie"));
        assert!(!names().any(|name| name == "location" || name == "www-authenticate"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_serves_its_metrics_to_who_has_the_token() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let console = Console::of(&host);
    let answer = console.get("/metrics").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.text().await.unwrap().contains("portdesk_"));
    let port = console.url.rsplit_once(':').unwrap().1;
    for name in ["localhost", "[::1]", "127.0.0.1"] {
        let named = console.get("/metrics").header("host", format!("{name}:{port}"));
        assert_eq!(named.send().await.unwrap().status(), StatusCode::OK, "{name}");
    }
}

/// Paths of controls, as a client of the API could try them.
const CONTROL_PATHS: [&str; 20] = [
    "/v1/reset",
    "/v1/clock",
    "/v1/clock/advance",
    "/v1/faults",
    "/v1/spaces",
    "/v1/snapshots/a",
    "/v1/snapshots/a/restore",
    "/v1/state",
    "/v1/state/hash",
    "/v1/calls",
    "/v1/events",
    "/v1/check",
    "/v1/scenarios",
    "/v1/shape",
    "/v1%2freset",
    "/%76%31/reset",
    "/%2fv1/reset",
    "//v1/reset",
    "/v1/reset/",
    "/metrics",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_path_of_the_api_is_a_control() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let token = Console::of(&host).token;
    let bearer = format!("Bearer {token}");
    for path in CONTROL_PATHS {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            host.client().send(method, path, &[("authorization", &bearer)], None).await.expect(404);
            // The token of the console is not a key.
            Client::new(&host.url, Some(&token)).send(method, path, &[], None).await.expect(403);
            Client::new(&host.url, None)
                .send(method, path, &[("authorization", &bearer)], None)
                .await
                .expect(403);
        }
    }
    Client::new(&host.url, Some(&token)).get("/tickets?caller=ada").await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_tool_of_an_agent_is_a_control() {
    let data = tempfile::tempdir().unwrap();
    let host = controlled(data.path());
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    let request = host.client().request("POST", "/mcp").header("content-type", "application/json");
    let answer =
        request.header("accept", "application/json, text/event-stream").body(list.to_string()).send();
    let answer: Value = serde_json::from_slice(&answer.await.unwrap().bytes().await.unwrap()).unwrap();
    let tools = answer["result"]["tools"].as_array().unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(tools.len(), 5);
    for tool in tools {
        let name = tool["name"].as_str().unwrap();
        let words = ["reset", "clock", "fault", "space", "snapshot", "restore", "scenario", "seed"];
        assert!(!words.iter().any(|word| name.contains(word)), "{name}");
    }
}
