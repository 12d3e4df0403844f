//! How a host ends: first `/readyz` fails, then the host finishes every request that has begun. Idle connections do not hold
//! the host.

mod load;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::{KEY, LONG, Running, rest, until};

const BODY: &str = r#"{"caller_id":"ada","issue_description":"The VPN drops."}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_begun_is_answered_and_an_idle_connection_is_closed() {
    let host = Running::start(&["--store", "memory"]).await;
    let mut idle = connect(&host).await;
    let mut silent = TcpStream::connect(host.address()).await.unwrap();
    let mut half = TcpStream::connect(host.address()).await.unwrap();
    half.write_all(b"GET /healthz HTTP/1.1\r\nhos").await.unwrap();
    let mut begun = connect(&host).await;
    begin(&mut begun).await;
    let stopped = tokio::spawn(host.stop());
    for connection in [&mut idle, &mut silent, &mut half] {
        assert_eq!(rest(connection).await, "", "a connection without a request is closed");
    }
    begun.write_all(BODY.as_bytes()).await.unwrap();
    let answer = rest(&mut begun).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    timeout(LONG, stopped).await.expect("nothing holds the host").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_turns_red_while_requests_are_still_taken() {
    let host = Running::start(&["--store", "memory", "--drain-ms", "60000", "--grace-seconds", "1"]).await;
    let address = host.address().to_owned();
    let stopped = tokio::spawn(host.stop());
    let is_red = async || ask(&address, "/readyz").await.starts_with("HTTP/1.1 503");
    until("readiness turns red", is_red).await;
    let answer = ask(&address, "/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    stopped.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_does_not_end_is_cut_at_the_end_of_the_grace_period() {
    let host =
        Running::start(&["--store", "memory", "--grace-seconds", "1", "--client-timeout-ms", "300000"]).await;
    let mut begun = connect(&host).await;
    begin(&mut begun).await;
    timeout(LONG, host.stop()).await.expect("the host ends");
    assert_eq!(rest(&mut begun).await, "");
}

/// Sends the head of a request, and waits until the host asks for its body: the request is under way.
async fn begin(connection: &mut TcpStream) {
    let head = format!(
        "POST /tickets HTTP/1.1\r\nhost: test\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        BODY.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    assert!(read_until(connection, "\r\n\r\n").await.starts_with("HTTP/1.1 100"));
}

async fn ask(address: &str, path: &str) -> String {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    rest(&mut connection).await
}

async fn connect(host: &Running) -> TcpStream {
    let mut connection = TcpStream::connect(host.address()).await.unwrap();
    connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    assert!(read_until(&mut connection, "ok\n").await.starts_with("HTTP/1.1 200"));
    connection
}

async fn read_until(connection: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let byte = timeout(LONG, connection.read_u8()).await.expect("an answer comes").unwrap();
        text.push(char::from(byte));
    }
    text
}
