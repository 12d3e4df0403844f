//! How a host ends: what was begun is finished, what is idle does not hold it.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::{KEY, Running};

const BODY: &str = r#"{"caller_id":"ada","issue_description":"The VPN drops."}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_begun_is_answered_and_an_idle_connection_is_closed() {
    let host = Running::start(&["--store", "memory"]).await;
    let mut idle = connect(&host).await;
    let mut begun = connect(&host).await;
    let head = format!(
        "POST /tickets HTTP/1.1\r\nhost: test\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        BODY.len()
    );
    begun.write_all(head.as_bytes()).await.unwrap();
    // The host asks for the body: the request is under way.
    assert!(read_until(&mut begun, "\r\n\r\n").await.starts_with("HTTP/1.1 100"));
    let stopped = tokio::spawn(host.stop());
    assert_eq!(read_to_end(&mut idle).await, "", "an idle connection is closed");
    begun.write_all(BODY.as_bytes()).await.unwrap();
    let answer = read_to_end(&mut begun).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    timeout(LONG, stopped).await.expect("nothing holds the host").unwrap();
}

async fn connect(host: &Running) -> TcpStream {
    let mut connection = TcpStream::connect(host.url.trim_start_matches("http://")).await.unwrap();
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

async fn read_to_end(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    timeout(LONG, connection.read_to_end(&mut bytes)).await.expect("the connection ends").unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Far more than anything here takes; it only keeps a defect from hanging the tests.
const LONG: Duration = Duration::from_secs(20);
