//! Spans, as a collector receives them.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::collector::{Collector, attribute};
use crate::harness::{Client, Process, Running, serve};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// A well-formed id, so that the desk calls the store.
const NO_TICKET: &str = "/tickets/00000000-0000-4000-8000-000000000000";
const PARENT: &str = "00f067aa0ba902b7";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_and_its_calls_of_the_store_continue_the_callers_trace() {
    let collector = Collector::start();
    let host = Running::start(&["--store", "memory", "--otlp-endpoint", &collector.url]).await;
    let body = json!({ "caller_id": "ada", "issue_description": "The VPN drops." });
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let client = host.client();
    let answer = client.send("POST", "/tickets", &[("traceparent", &traceparent)], Some(&body)).await;
    let request_id = answer.expect(201).header("x-amzn-requestid").to_owned();
    host.stop().await;
    let spans = collector.spans();
    let [call, request] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!(request.name, "POST create_ticket");
    assert_eq!((hex(&request.trace_id), hex(&request.parent_span_id)), (TRACE.into(), PARENT.into()));
    assert_eq!(attribute(request, "portdesk.request_id"), Some(request_id));
    assert_eq!(attribute(request, "http.response.status_code").as_deref(), Some("201"));
    assert_eq!(call.name, "store insert");
    assert_eq!((hex(&call.trace_id), &call.parent_span_id), (TRACE.into(), &request.span_id));
    assert_eq!(attribute(call, "portdesk.outcome").as_deref(), Some("done"));
    assert!(request.start_time_unix_nano <= call.start_time_unix_nano);
    assert!(call.end_time_unix_nano <= request.end_time_unix_nano);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_callers_trace_each_request_begins_its_own() {
    let collector = Collector::start();
    let host = Running::start(&["--store", "memory", "--otlp-endpoint", &collector.url]).await;
    let client = host.client();
    client.get(NO_TICKET).await.expect(404);
    client.send("GET", NO_TICKET, &[("traceparent", "00-x-y-01")], None).await.expect(404);
    Client::new(&host.url, None).get("/tickets?caller=ada").await.expect(403);
    host.stop().await;
    let spans = collector.spans();
    let (calls, requests): (Vec<_>, Vec<_>) = spans.iter().partition(|span| span.name == "store get");
    assert_eq!((calls.len(), requests.len()), (2, 3), "{spans:?}");
    let mut traces: Vec<_> = requests.iter().map(|span| hex(&span.trace_id)).collect();
    assert!(requests.iter().all(|span| span.parent_span_id.is_empty()));
    traces.sort();
    traces.dedup();
    assert_eq!(traces.len(), 3);
    assert!(requests.iter().any(|span| attribute(span, "portdesk.refusal").as_deref() == Some("forbidden")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_its_caller_does_not_record_is_not_sent() {
    let collector = Collector::start();
    let host = Running::start(&["--store", "memory", "--otlp-endpoint", &collector.url]).await;
    let unsampled = format!("00-{TRACE}-{PARENT}-00");
    host.client().send("GET", NO_TICKET, &[("traceparent", &unsampled)], None).await.expect(404);
    host.stop().await;
    assert!(collector.spans().is_empty());
}

/// By the specification of OpenTelemetry, this variable is the base URL for all signals.
#[tokio::test(flavor = "multi_thread")]
async fn the_variables_of_opentelemetry_say_where_spans_go_and_what_they_are_called() {
    let collector = Collector::start();
    let data = tempfile::tempdir().unwrap();
    let mut command = serve(data.path(), &["--store", "memory", "--log-level", "error"]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url).env("OTEL_SERVICE_NAME", "help-desk");
    let host = Process::spawn(&mut command);
    host.client().get(NO_TICKET).await.expect(404);
    assert_eq!(host.end("TERM").0, Some(0));
    assert!(!collector.spans().is_empty());
    assert!(collector.bytes().windows(9).any(|part| part == b"help-desk"));
}

/// A collector that accepts connections and never answers is worse than a collector that refuses them.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_collector_fails_no_request_and_does_not_hold_the_end() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let mut connections = Vec::new();
        loop {
            let (mut connection, _) = silent.accept().await.unwrap();
            let _ = connection.read_u8().await;
            connections.push(connection);
        }
    });
    let host = Running::start(&["--store", "memory", "--grace-seconds", "1", "--otlp-endpoint", &url]).await;
    let client = host.client();
    let mut asking = JoinSet::new();
    for _ in 0..8 {
        let client = client.clone();
        asking.spawn(async move {
            // All clients together cause more spans than the queue holds.
            for _ in 0..150 {
                client.get(NO_TICKET).await.expect(404);
            }
        });
    }
    asking.join_all().await;
    let begun = Instant::now();
    host.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    asked.abort();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
