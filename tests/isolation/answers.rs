//! The answer to each fault. A write that the host cut may have stored something, so its outcome is unknown.

use serde_json::{Value, json};

use super::{Hostile, send};

/// Faults that the host cuts before the deadline.
pub const FAILING: [&str; 24] = [
    "/trap",
    "/panic",
    "/recursion",
    "/bomb",
    "/get-flood",
    "/invalid-flood",
    "/random-flood",
    "/random-huge",
    "/huge-key",
    "/huge-fields",
    "/key-of-no-text",
    "/huge-answer",
    "/large-answer",
    "/many-headers",
    "/some-headers",
    "/wide-header",
    "/no-header-name",
    "/split-header",
    "/header-of-no-text",
    "/status-too-low",
    "/status-too-high",
    "/informational",
    "/long-operation",
    "/strange-operation",
];

/// Faults that the host cuts at the deadline.
pub const ENDLESS: [&str; 7] =
    ["/loop", "/clock-flood", "/number-flood", "/grow-nothing", "/fill", "/copy", "/hoard"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_answered_and_the_next_request_is_served_by_pooled_instances() {
    every_fault_is_answered("pooled").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_answered_and_the_next_request_is_served_by_fresh_instances() {
    every_fault_is_answered("fresh").await;
}

async fn every_fault_is_answered(isolation: &str) {
    // With one instance, the host can answer the next request only if the fault has released the instance. The time limit is long
    // enough for a busy machine.
    let hostile =
        Hostile::start(&["--isolation", isolation, "--instances", "1", "--time-limit-ms", "30000"]).await;
    for path in FAILING {
        answered(&hostile, path, 500, "Internal server error").await;
        assert_eq!(hostile.text("/good", "").await, "good", "after {path}");
    }
    hostile.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_ends_is_cut_at_the_deadline() {
    // The time limit is also that of the ordinary requests between the faults, on a busy machine.
    let hostile = Hostile::start(&["--instances", "1", "--time-limit-ms", "1000"]).await;
    for path in ENDLESS {
        answered(&hostile, path, 504, "Endpoint request timed out").await;
        hostile.text("/pages", "").await;
    }
    hostile.stop().await;
}

/// The answer has this message and no details. Only the answer to a write says that the outcome is unknown.
async fn answered(hostile: &Hostile, path: &str, status: u16, message: &str) {
    for (method, outcome) in [("GET", Value::Null), ("POST", json!("unknown"))] {
        let (answered, body) = send(&hostile.client, method, path, "").await.unwrap();
        let body: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
        let said = (answered, &body["message"], &body["detail"], &body["outcome"]);
        assert_eq!(said, (status, &json!(message), &json!(message), &outcome), "{method} {path}");
    }
}
