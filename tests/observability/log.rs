//! The lines of the log.

use std::fs::File;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::metrics::scrape;
use crate::faults::{Fault, Plan, Proxy};
use crate::harness::{KEY, Process, Table, on_dynamodb, portdesk, with_credentials};

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_request_carries_the_id_that_the_client_got() {
    let logged = Logged::start(&["--log-level", "debug"], Fault::ErrorBefore).await;
    let host = &logged.host;
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
    let (log, lines) = logged.end();
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
    let logged = Logged::start(&["--metrics", "127.0.0.1:0"], Fault::HangBefore).await;
    let (url, metrics) = (logged.host.url.clone(), logged.host.metrics().to_owned());
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let mut client = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    let request = format!(
        "GET /tickets/00000000-0000-4000-8000-000000000000 HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\n\
         traceparent: 00-{trace}-00f067aa0ba902b7-01\r\n\r\n"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    while scrape(&metrics).await["portdesk_requests_in_flight"] < 1.0 {}
    drop(client);
    while scrape(&metrics).await["portdesk_requests_in_flight"] > 0.0 {}
    assert_eq!(scrape(&metrics).await["portdesk_requests_abandoned_total"], 1.0);
    let (log, lines) = logged.end();
    let of_request: Vec<_> = lines.iter().filter(|line| line["trace_id"] == *trace).collect();
    let [line] = of_request[..] else { panic!("{log}") };
    assert!(line["message"].as_str().unwrap().starts_with("the client went away"), "{line}");
    assert!(line["request_id"].is_string(), "{line}");
}

/// A host that writes its log as JSON to a file, over a DynamoDB that fails once the host is ready.
struct Logged {
    host: Process,
    data: TempDir,
    _store: (Table, Proxy),
}

impl Logged {
    async fn start(arguments: &[&str], fault: Fault) -> Logged {
        let table = Table::create().await;
        let proxy = Proxy::start(&table.server.endpoint, Plan::none()).await;
        let data = tempfile::tempdir().unwrap();
        // With a quota, the request would already fail when the host counts it.
        let mut command = with_credentials(portdesk(&["--log-format", "json", "--rate-limit", "off"]));
        command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path()).args(arguments);
        command.args(on_dynamodb(&proxy.url));
        let log = File::create(data.path().join("log")).unwrap();
        let host = Process::spawn(command.stderr(log));
        proxy.follow(Plan::always(fault));
        Logged { host, data, _store: (table, proxy) }
    }

    /// Stops the host. Returns the whole log, and its lines as JSON.
    fn end(self) -> (String, Vec<Value>) {
        assert_eq!(self.host.end("TERM").0, Some(0));
        let log = std::fs::read_to_string(self.data.path().join("log")).unwrap();
        let lines = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (log, lines)
    }
}
