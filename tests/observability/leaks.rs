//! A client sends secrets in every place that takes text. None of them appears in the log, the metrics, the spans or an error.

use reqwest::header::HeaderValue;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::collector::Collector;
use crate::harness::{Client, KEY, Logged, Process, path, rest, serve};

/// Each secret names the place in which the client sends it.
const SECRETS: [&str; 10] = [
    "secret-key-0123456789",
    "secret-caller",
    "secret-description",
    "secret-comment",
    "secret-path",
    "secret-query",
    "secret-method",
    "secret-header",
    "secret-broken-body",
    "secret-replay",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_send_is_in_no_log_no_metric_no_span_and_no_error() {
    for format in ["json", "text"] {
        let data = tempfile::tempdir().unwrap();
        let collector = Collector::start();
        let mut command = serve(data.path(), &["--log-level", "debug", "--log-format", format]);
        command.args(["--rate-limit", "off", "--metrics", "127.0.0.1:0", "--time-limit-ms", "2000"]);
        let logged = Logged::start(data.path(), command.args(["--otlp-endpoint", &collector.url]));
        let errors = talk(&logged.host).await;
        let metrics = reqwest::get(logged.host.metrics()).await.unwrap().text().await.unwrap();
        let (log, rest) = logged.end();
        // An empty output would prove nothing.
        assert!(log.matches("answered").count() > 10);
        assert!(metrics.contains("create_ticket") && collector.spans().len() > 10 && errors.len() > 5);
        assert_none("the log", log.as_bytes(), &SECRETS);
        assert_none("the metrics", metrics.as_bytes(), &SECRETS);
        assert_none("the spans", &collector.bytes(), &SECRETS);
        assert_none("standard output", rest.as_bytes(), &SECRETS);
        for error in errors {
            // An error may name the ticket and the parameter that the client sent.
            let silent = SECRETS.iter().filter(|secret| !["secret-path", "secret-query"].contains(secret));
            assert_none("an error", error.as_bytes(), &silent.copied().collect::<Vec<_>>());
            assert!(!error.contains('\x1b'), "{error}");
        }
        // A client cannot add a line to the log, or send control codes to a terminal.
        assert!(!log.contains(|character: char| character.is_ascii_control() && character != '\n'), "{log}");
    }
}

/// The check itself must fail on a leak.
#[test]
#[should_panic(expected = "secret")]
fn a_leaked_secret_is_found() {
    assert_none("this", format!("x{}", SECRETS[3].to_uppercase()).as_bytes(), &SECRETS);
}

#[track_caller]
pub(super) fn assert_none(place: &str, bytes: &[u8], secrets: &[&str]) {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    for secret in secrets.iter().copied().chain([KEY]) {
        assert!(!text.contains(secret), "{secret} is in {place}: {text}");
    }
}

/// Sends every secret in requests that succeed and in requests that fail. Returns the errors.
async fn talk(host: &Process) -> Vec<String> {
    let [key, caller, description, comment, place, query, method, header, broken, replay] = SECRETS;
    let client = host.client();
    let body = json!({ "caller_id": caller, "issue_description": description });
    let replayed = [("idempotency-key", replay), ("x-request-id", header), ("traceparent", header)];
    let made = client.send("POST", "/tickets", &replayed, Some(&body)).await.expect(201).json();
    let ticket = path(&made);
    client.get(&ticket).await.expect(200);
    client.post(&format!("{ticket}/comments"), &json!({ "comment": comment })).await.expect(200);
    client.get(&format!("/tickets?caller={caller}")).await.expect(200);
    let other = json!({ "caller_id": caller, "issue_description": comment });
    let mut errors = vec![
        client.send("POST", "/tickets", &replayed, Some(&other)).await.expect(422),
        client.get(&format!("/{place}?{query}={query}")).await.expect(404),
        client.get(&format!("/tickets/{place}%0aforged%20line%1b%5b31m")).await.expect(404),
        client.get(&format!("/tickets?caller={caller}&cursor={query}")).await.expect(400),
        client.send("GET", &ticket, &[("if-none-match", header), ("user-agent", header)], None).await,
        client.post("/tickets", &json!({ "caller_id": [broken], "issue_description": 7 })).await,
        client.send(&method.replace('-', "").to_uppercase(), &format!("/{place}"), &[], None).await,
        Client::new(&host.url, Some(key)).post(&format!("/{place}"), &body).await.expect(403),
        client.post("/tickets", &json!({ "issue_description": broken.repeat(9000) })).await.expect(413),
    ];
    errors.retain(|answer| answer.status >= 400);
    let mut errors: Vec<String> = errors.iter().map(|answer| answer.text()).collect();
    // This needs a new connection, because the host closes the old one after a body that is too large.
    let request = host.client().request("POST", "/tickets").header("content-type", "application/json");
    let header = HeaderValue::from_bytes(b"secret-header\xff\x80").unwrap();
    let answer = request.header("idempotency-key", header).body(broken).send().await.unwrap();
    errors.push(answer.text().await.unwrap());
    errors.extend(raw(host).await);
    errors
}

/// Sends requests that no client library sends.
async fn raw(host: &Process) -> Vec<String> {
    let [_, _, _, _, path, query, .., broken, _] = SECRETS;
    let mut answers = Vec::new();
    for request in [
        format!("GET /{path}\x1b[31m HTTP/1.1\r\nhost: a\r\n\r\n"),
        format!("GET /{path} {query} HTTP/1.1\r\nhost: a\r\n\r\n"),
        format!("{broken}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: a\r\n{broken}\x07: x\r\n\r\n"),
        format!(
            "POST /tickets HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\ntransfer-encoding: {broken}\r\n\r\n"
        ),
        format!(
            "POST /tickets HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\ntransfer-encoding: chunked\r\n\r\nzz{broken}\r\n"
        ),
        format!(
            "POST /tickets HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\ncontent-length: 900\r\nconnection: close\r\n\r\n\
             {{\"caller_id\": \"{broken}"
        ),
    ] {
        let mut connection = TcpStream::connect(host.address()).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        connection.shutdown().await.unwrap();
        answers.push(rest(&mut connection).await);
    }
    answers
}
