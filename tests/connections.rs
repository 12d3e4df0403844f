//! How long a client may keep a host waiting, and how many connections a host takes at once.
//!
//! The tests assert that a connection ends, and never when, because a busy machine is late.

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::{KEY, LONG, Running, comments_path, path, rest, until};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The value of all limits: short enough for the tests, and long enough for a good client on a busy machine.
const SHORT: [&str; 6] = ["--client-timeout-ms", "1000", "--idle-ms", "1000", "--time-limit-ms", "1000"];

async fn short_of_patience(more: &[&str]) -> Running {
    let flags: Vec<_> = ["--store", "memory"].iter().chain(&SHORT).chain(more).copied().collect();
    Running::start(&flags).await
}

async fn connect(host: &Running) -> TcpStream {
    TcpStream::connect(host.address()).await.unwrap()
}

fn head(method: &str, path: &str, more: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: test\r\nx-api-key: {KEY}\r\n{more}\r\n")
}

/// A ticket whose answers are larger than the buffers of the sockets.
async fn large_ticket(host: &Running) -> String {
    let client = host.client();
    let ticket = client.create("ada", "The VPN drops.").await;
    for _ in 0..40 {
        let comment = json!({ "comment": "x".repeat(4000) });
        client.post(&comments_path(&ticket), &comment).await.expect(200);
    }
    path(&ticket)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_or_half_of_something_is_closed() {
    let host = short_of_patience(&[]).await;
    let halves: [&[u8]; 5] = [b"", b"G", b"GET /healthz HTTP/1.1\r\nhost: te", &PREFACE[..10], PREFACE];
    let mut waiting = Vec::new();
    for half in halves {
        let mut connection = connect(&host).await;
        connection.write_all(half).await.unwrap();
        waiting.push(connection);
    }
    for mut connection in waiting {
        let answer = rest(&mut connection).await;
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    let mut idle = connect(&host).await;
    idle.write_all(head("GET", "/healthz", "").as_bytes()).await.unwrap();
    assert!(rest(&mut idle).await.ends_with("ok\n"), "one answer, and an end");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_late() {
    let host = short_of_patience(&[]).await;
    let mut connection = connect(&host).await;
    let head = head("POST", "/tickets", "content-type: application/json\r\ncontent-length: 50\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(b"{\"caller_id\"").await.unwrap();
    let answer = rest(&mut connection).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_its_answers_is_cut() {
    let host = short_of_patience(&["--idle-ms", "60000"]).await;
    let path = large_ticket(&host).await;
    let mut connection = connect(&host).await;
    let request = head("GET", &path, "");
    // Far more than the buffers of both sockets. The writing ends when the host closes the connection.
    let asking = async { while connection.write_all(request.repeat(100).as_bytes()).await.is_ok() {} };
    timeout(LONG, asking).await.expect("the host resets the connection");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_no_window_for_its_answer_is_cut() {
    let host = short_of_patience(&["--idle-ms", "60000"]).await;
    let path = large_ticket(&host).await;
    for window_bytes in [0, 1, 65_535] {
        let mut http = http2::Builder::new(TokioExecutor::new());
        http.initial_stream_window_size(window_bytes);
        let stream = TokioIo::new(connect(&host).await);
        let (mut requests, connection) = http.handshake(stream).await.unwrap();
        let connection = tokio::spawn(connection);
        let request = hyper::Request::get(format!("http://test{path}")).header("x-api-key", KEY);
        // The test never reads the answer's body, so no window opens.
        let answer = requests.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200);
        let ended = timeout(LONG, connection)
            .await
            .unwrap_or_else(|_| panic!("a window of {window_bytes}: the host cuts the connection"));
        assert!(ended.unwrap().is_err(), "it did not end in order");
        drop(answer);
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_a_window_as_large_as_the_answer_gets_it_whole() {
    let host = short_of_patience(&["--idle-ms", "60000"]).await;
    let path = large_ticket(&host).await;
    let expected = host.client().get(&path).await.expect(200).body;
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.initial_stream_window_size(u32::try_from(expected.len()).unwrap());
    http.initial_connection_window_size(1 << 20);
    let stream = TokioIo::new(connect(&host).await);
    let (mut requests, connection) = http.handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = hyper::Request::get(format!("http://test{path}")).header("x-api-key", KEY);
    let answer = requests.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    let body = timeout(LONG, answer.into_body().collect()).await.unwrap().unwrap().to_bytes();
    assert_eq!(body, expected);
    drop(requests);
    connection.await.unwrap().unwrap();
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_closes_its_half_after_a_request_gets_the_answer() {
    let host = Running::start(&["--store", "memory"]).await;
    for path in ["/readyz", "/tickets?caller=ada"].repeat(20) {
        let request = head("GET", path, "");
        let mut connection = connect(&host).await;
        connection.write_all(request.as_bytes()).await.unwrap();
        connection.shutdown().await.unwrap();
        let answer = rest(&mut connection).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    host.stop().await;
}

/// Every client leaves before there can be an answer. It closes the connection, because a reset could discard the request.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_done_also_where_its_client_is_gone() {
    const WRITES: usize = 50;
    let host = Running::start(&["--store", "embedded"]).await;
    let body = r#"{"caller_id":"gone","issue_description":"The VPN drops."}"#;
    let more = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    let request = head("POST", "/tickets", &more) + body;
    for _ in 0..WRITES {
        connect(&host).await.write_all(request.as_bytes()).await.unwrap();
    }
    let client = host.client();
    let stored = async || {
        let list = client.get("/tickets?caller=gone&limit=100").await.expect(200).json();
        list["tickets"].as_array().unwrap().len()
    };
    until("every write is done", async || stored().await == WRITES).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_shut_nobody_out() {
    let host =
        Running::start(&["--store", "memory", "--connections", "50", "--client-timeout-ms", "60000"]).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(connect(&host).await);
    }
    // A connection that waited for less than a second may stay.
    let answered = async || {
        let mut connection = connect(&host).await;
        let _ = connection.write_all(head("GET", "/healthz", "connection: close\r\n").as_bytes()).await;
        rest(&mut connection).await.starts_with("HTTP/1.1 200")
    };
    until("an answer comes", answered).await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_flight_are_bounded_and_slow_bodies_make_room() {
    let host =
        Running::start(&["--store", "memory", "--requests", "2", "--client-timeout-ms", "60000"]).await;
    let head = head(
        "POST",
        "/tickets",
        "content-type: application/json\r\ncontent-length: 50\r\nexpect: 100-continue\r\n",
    );
    let mut slow = Vec::new();
    for _ in 0..2 {
        let mut connection = connect(&host).await;
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut asked = [0; 12];
        connection.read_exact(&mut asked).await.unwrap();
        assert_eq!(&asked, b"HTTP/1.1 100");
        slow.push(connection);
    }
    let client = host.client();
    let refused = client.get("/tickets?caller=ada").await.expect(503);
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(reqwest::get(format!("{}/healthz", host.url)).await.unwrap().status(), 200);
    let answered = async || client.get("/tickets?caller=ada").await.status == 200;
    until("a body that does not come gives its place away", answered).await;
    host.stop().await;
}
