//! The exact bytes of refusals.

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::with_plan;
use crate::harness::{KEY, Running, rest};

/// An answer: the status line, the headers, the body.
struct Wire {
    status: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Wire {
    async fn of(host: &Running, key: &str) -> Wire {
        let mut connection = TcpStream::connect(host.address()).await.unwrap();
        let head = format!(
            "GET /tickets?caller=ada HTTP/1.1\r\nhost: a\r\nx-api-key: {key}\r\nconnection: close\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let answer = rest(&mut connection).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let (status, headers) = head.split_once("\r\n").unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        };
        let mut headers: Vec<_> = headers.split("\r\n").map(header).collect();
        headers.sort();
        Wire { status: status.to_owned(), headers, body: body.to_owned() }
    }

    fn header(&self, name: &str) -> &str {
        let header = self.headers.iter().find(|(other, _)| other == name);
        header.map_or_else(|| panic!("no {name} in {:?}", self.headers), |(_, value)| value)
    }
}

/// A refusal of each kind: a wrong key, a quota that is used up, a rate that is exceeded.
async fn refusals(parity: &str) -> [Wire; 3] {
    let data = with_plan(&["--rate", "1", "--burst", "2", "--quota", "1"]);
    let flags = ["--store", "memory", "--rate-limit", "plan", "--parity", parity];
    let host = Running::start_in(data, &flags).await;
    let forbidden = Wire::of(&host, "a-key-that-nobody-ever-made-1234").await;
    assert_eq!(Wire::of(&host, KEY).await.status, "HTTP/1.1 200 OK");
    let exceeded = Wire::of(&host, KEY).await;
    // The rate allows one request a second, so on a slow machine some of these requests exceed only the quota.
    let mut throttled = Wire::of(&host, KEY).await;
    while throttled.body.contains("Limit Exceeded") {
        throttled = Wire::of(&host, KEY).await;
    }
    host.stop().await;
    [forbidden, exceeded, throttled]
}

const EXPECTED: [(&str, &str, &str); 3] = [
    ("HTTP/1.1 403 Forbidden", "ForbiddenException", r#"{"message":"Forbidden"}"#),
    ("HTTP/1.1 429 Too Many Requests", "LimitExceededException", r#"{"message":"Limit Exceeded"}"#),
    ("HTTP/1.1 429 Too Many Requests", "TooManyRequestsException", r#"{"message":"Too Many Requests"}"#),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strict_refusals_are_those_of_api_gateway_and_nothing_more() {
    for (wire, (status, error_type, body)) in refusals("strict").await.iter().zip(EXPECTED) {
        assert_eq!((wire.status.as_str(), wire.body.as_str()), (status, body));
        let names: Vec<&str> = wire.headers.iter().map(|(name, _)| name.as_str()).collect();
        let expected =
            ["connection", "content-length", "content-type", "date", "x-amzn-errortype", "x-amzn-requestid"];
        assert_eq!(names, expected, "{body}");
        assert_eq!(wire.header("x-amzn-errortype"), error_type);
        assert_eq!(wire.header("content-type"), "application/json");
        assert_eq!(wire.header("content-length"), body.len().to_string());
        assert_eq!(wire.header("x-amzn-requestid").len(), 36);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn friendly_refusals_begin_as_strict_ones_and_say_what_to_do() {
    let refusals = refusals("friendly").await;
    for (wire, (status, error_type, body)) in refusals.iter().zip(EXPECTED) {
        assert_eq!((wire.status.as_str(), wire.header("x-amzn-errortype")), (status, error_type));
        assert!(wire.body.starts_with(body.trim_end_matches('}')), "{}", wire.body);
        let problem: Value = serde_json::from_str(&wire.body).unwrap();
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 20), "{problem}");
        assert_eq!(
            wire.status.split(' ').nth(1),
            problem["status"].as_u64().map(|s| s.to_string()).as_deref()
        );
    }
    let [_, exceeded, throttled] = refusals;
    assert_eq!(throttled.header("retry-after"), "1");
    assert_eq!(throttled.header("ratelimit-policy"), r#""rate";q=1;w=1"#);
    assert_eq!(throttled.header("ratelimit"), r#""rate";r=0;t=1"#);
    let seconds: u32 = exceeded.header("retry-after").parse().unwrap();
    assert!((1..=31 * 86_400).contains(&seconds), "{seconds}");
    assert_eq!(exceeded.header("ratelimit"), format!(r#""quota";r=0;t={seconds}"#));
    let window = exceeded.header("ratelimit-policy").strip_prefix(r#""quota";q=1;w="#).unwrap();
    assert!((28..=31).any(|days| window == (days * 86_400).to_string()), "{window}");
}
