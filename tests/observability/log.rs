//! The lines of the log.

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::metrics::scrape;
use crate::faults::{Fault, Plan, Proxy};
use crate::harness::{KEY, Logged, Table, on_dynamodb, serve, with_credentials};

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_request_carries_the_id_that_the_client_got() {
    let failing = Failing::start(&["--log-level", "debug"], Fault::ErrorBefore).await;
    let host = &failing.logged.host;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let traceparent = format!("00-{trace}-00f067aa0ba902b7-01");
    let headers = [("traceparent", traceparent.as_str()), ("x-request-id", "chosen-by-a-client")];
    let answer = host
        .client()
        .send("GET", "/tickets/00000000-0000-4000-8000-000000000000", &headers, None)
        .await
        .expect(503);
    let request_id = answer.header("x-amzn-requestid");
    let readiness = reqwest::get(format!("{}/readyz", host.url)).await.unwrap();
    let readiness_id = readiness.headers()["x-amzn-requestid"].to_str().unwrap().to_owned();
    let (log, lines) = failing.end();
    let messages = |id: &str| {
        let of_request = lines.iter().filter(|line| line["request_id"] == *id);
        of_request.map(|line| line["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(messages(request_id), ["a call to the store failed", "answered"]);
    assert_eq!(messages(&readiness_id), ["the store is not ready", "answered"]);
    let answered =
        lines.iter().find(|line| line["request_id"] == *request_id && line["status"] == 503).unwrap();
    assert_eq!(answered["operation"], "get_ticket_status");
    assert_eq!(answered["trace_id"], trace);
    assert!(!log.contains("chosen-by-a-client"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_is_counted_and_has_its_line() {
    let failing = Failing::start(&["--metrics", "127.0.0.1:0"], Fault::HangBefore).await;
    let metrics = failing.logged.host.metrics().to_owned();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let mut client = TcpStream::connect(failing.logged.host.address()).await.unwrap();
    let request = format!(
        "GET /tickets/00000000-0000-4000-8000-000000000000 HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\n\
         traceparent: 00-{trace}-00f067aa0ba902b7-01\r\n\r\n"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    while scrape(&metrics).await["portdesk_requests_in_flight"] < 1.0 {}
    drop(client);
    while scrape(&metrics).await["portdesk_requests_in_flight"] > 0.0 {}
    assert_eq!(scrape(&metrics).await["portdesk_requests_abandoned_total"], 1.0);
    let (log, lines) = failing.end();
    let of_request: Vec<_> = lines.iter().filter(|line| line["trace_id"] == *trace).collect();
    let [line] = of_request[..] else { panic!("{log}") };
    assert!(line["message"].as_str().unwrap().starts_with("the client went away"), "{line}");
    assert!(line["request_id"].is_string(), "{line}");
}

/// A host that writes its log as JSON to a file, over a DynamoDB that fails once the host is ready.
struct Failing {
    logged: Logged,
    _store: (Table, Proxy, TempDir),
}

impl Failing {
    async fn start(flags: &[&str], fault: Fault) -> Failing {
        let table = Table::create().await;
        let proxy = Proxy::start(&table.server.endpoint, Plan::none()).await;
        let data = tempfile::tempdir().unwrap();
        // With a quota, the request would already fail when the host counts it.
        let fixed = ["--log-format", "json", "--rate-limit", "off"];
        let mut command = with_credentials(serve(data.path(), &fixed));
        let logged = Logged::start(data.path(), command.args(on_dynamodb(&proxy.url)).args(flags));
        proxy.follow(Plan::always(fault));
        Failing { logged, _store: (table, proxy, data) }
    }

    /// Stops the host. Returns the whole log, and its lines as JSON.
    fn end(self) -> (String, Vec<Value>) {
        let (log, _) = self.logged.end();
        let lines = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (log, lines)
    }
}
