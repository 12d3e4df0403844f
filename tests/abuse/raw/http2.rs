//! Requests of HTTP/2 whose fields are wrong or contradict each other.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::abuse::floods::frames::{
    END_HEADERS, END_STREAM, HEADERS, RST_STREAM, field, frame, opening, read,
};
use crate::harness::{LONG, Running};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_of_http_2_is_read_in_two_ways() {
    let host = Running::start(&["--store", "memory"]).await;
    let address = host.address();
    for fields in [&[][..], &[("host", "a")], &[("te", "trailers")], &[("content-length", "0")]] {
        assert_eq!(ask(address, &[PLAIN, fields].concat()).await, Came::Status(OK), "{fields:?}");
    }
    for (name, fields) in REFUSED {
        // hyper and h2 refuse some fields without an answer.
        let came = ask(address, fields).await;
        assert!(matches!(came, Came::Status(BAD_REQUEST) | Came::Reset), "{name}: {came:?}");
    }
    host.stop().await;
}

#[derive(Debug, PartialEq)]
enum Came {
    /// The host answered. This is the first byte of the answer's fields, which encodes the status.
    Status(u8),
    /// The host reset the request or the connection.
    Reset,
}

async fn ask(address: &str, fields: &[(&str, &str)]) -> Came {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let head: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value)).collect();
    let request = frame(HEADERS, END_HEADERS | END_STREAM, 1, &head);
    connection.write_all(&[opening(), request].concat()).await.unwrap();
    loop {
        match timeout(LONG, read(&mut connection)).await.expect("something comes") {
            Ok(frame) if frame.kind == HEADERS => return Came::Status(frame.payload[0]),
            Ok(frame) if frame.kind == RST_STREAM => return Came::Reset,
            Ok(_) => {}
            Err(_closed) => return Came::Reset,
        }
    }
}

/// From the static table of RFC 7541.
const OK: u8 = 0x88;
const BAD_REQUEST: u8 = 0x8c;

type Field = (&'static str, &'static str);

const METHOD: Field = (":method", "GET");
const SCHEME: Field = (":scheme", "http");
const AUTHORITY: Field = (":authority", "a");
const PATH: Field = (":path", "/healthz");
const PLAIN: &[Field] = &[METHOD, SCHEME, AUTHORITY, PATH];

const REFUSED: &[(&str, &[Field])] = &[
    ("another host", &[METHOD, SCHEME, AUTHORITY, PATH, ("host", "b")]),
    ("two hosts", &[METHOD, SCHEME, AUTHORITY, PATH, ("host", "a"), ("host", "a")]),
    ("an empty host", &[METHOD, SCHEME, AUTHORITY, PATH, ("host", "")]),
    ("a user in the authority", &[METHOD, SCHEME, (":authority", "u@a"), PATH]),
    ("a path in the authority", &[METHOD, SCHEME, (":authority", "a/b"), PATH]),
    ("two authorities", &[METHOD, SCHEME, AUTHORITY, (":authority", "b"), PATH]),
    ("no path", &[METHOD, SCHEME, AUTHORITY]),
    ("an empty path", &[METHOD, SCHEME, AUTHORITY, (":path", "")]),
    ("two paths", &[METHOD, SCHEME, AUTHORITY, PATH, PATH]),
    ("a path without a slash", &[METHOD, SCHEME, AUTHORITY, (":path", "healthz")]),
    ("a path with a space", &[METHOD, SCHEME, AUTHORITY, (":path", "/healthz /x")]),
    ("a path with a line end", &[METHOD, SCHEME, AUTHORITY, (":path", "/healthz HTTP/1.1\r\nx-a: b")]),
    ("no method", &[SCHEME, AUTHORITY, PATH]),
    ("two methods", &[METHOD, METHOD, SCHEME, AUTHORITY, PATH]),
    ("a method with a space", &[(":method", "GET /x"), SCHEME, AUTHORITY, PATH]),
    ("no scheme", &[METHOD, AUTHORITY, PATH]),
    ("a status", &[METHOD, SCHEME, AUTHORITY, PATH, (":status", "200")]),
    ("a pseudo field that nobody knows", &[METHOD, SCHEME, AUTHORITY, PATH, (":x", "y")]),
    ("a pseudo field behind a field", &[METHOD, SCHEME, AUTHORITY, ("x-a", "b"), PATH]),
    ("a name in capitals", &[METHOD, SCHEME, AUTHORITY, PATH, ("X-A", "b")]),
    ("a name with a colon", &[METHOD, SCHEME, AUTHORITY, PATH, ("x:a", "b")]),
    ("a name with a line feed", &[METHOD, SCHEME, AUTHORITY, PATH, ("x\na", "b")]),
    ("no name", &[METHOD, SCHEME, AUTHORITY, PATH, ("", "b")]),
    ("a value with a line end", &[METHOD, SCHEME, AUTHORITY, PATH, ("x-a", "b\r\nx-c: d")]),
    ("a value with a line feed", &[METHOD, SCHEME, AUTHORITY, PATH, ("x-a", "b\nc")]),
    ("a value with a NUL", &[METHOD, SCHEME, AUTHORITY, PATH, ("x-a", "b\0c")]),
    ("a field of the connection", &[METHOD, SCHEME, AUTHORITY, PATH, ("connection", "close")]),
    ("another of these", &[METHOD, SCHEME, AUTHORITY, PATH, ("keep-alive", "1")]),
    ("an upgrade", &[METHOD, SCHEME, AUTHORITY, PATH, ("upgrade", "h2c")]),
    ("chunks", &[METHOD, SCHEME, AUTHORITY, PATH, ("transfer-encoding", "chunked")]),
    ("trailers in another coding", &[METHOD, SCHEME, AUTHORITY, PATH, ("te", "gzip")]),
    ("a length and no body", &[METHOD, SCHEME, AUTHORITY, PATH, ("content-length", "5")]),
    ("two lengths", &[METHOD, SCHEME, AUTHORITY, PATH, ("content-length", "0"), ("content-length", "5")]),
    ("a length that is none", &[METHOD, SCHEME, AUTHORITY, PATH, ("content-length", "+0")]),
];
