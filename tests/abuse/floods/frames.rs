//! HTTP/2 by hand (RFC 9113): as few frames as an attack needs, right or wrong.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::harness::KEY;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;

const INITIAL_WINDOW_SIZE: u8 = 4;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame from the host.
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub payload: Vec<u8>,
}

impl Frame {
    /// The answer that a peer owes to this frame, if any.
    pub fn acknowledged(&self) -> Option<Vec<u8>> {
        match (self.kind, self.flags & ACK) {
            (PING, 0) => Some(frame(PING, ACK, 0, &self.payload)),
            (SETTINGS, 0) => Some(frame(SETTINGS, ACK, 0, &[])),
            _ => None,
        }
    }
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length, &[kind, flags][..], &stream.to_be_bytes(), payload].concat()
}

/// How a connection begins.
pub fn opening() -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()
}

/// As `opening`, by a client with windows of zero bytes: the host must send no body until a window opens.
pub fn opening_without_window() -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, &[0, INITIAL_WINDOW_SIZE, 0, 0, 0, 0])].concat()
}

/// A complete GET with the key.
pub fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &head("GET", path))
}

/// The fields of a request, with the key.
pub fn head(method: &str, path: &str) -> Vec<u8> {
    let fields = [
        (":method", method),
        (":scheme", "http"),
        (":authority", "a"),
        (":path", path),
        ("x-api-key", KEY),
        ("content-type", "application/json"),
    ];
    fields.into_iter().flat_map(|(name, value)| field(name, value)).collect()
}

/// A literal field, without an index and without Huffman coding (RFC 7541, section 6.2.2).
pub fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        // A longer text needs a length of more than one byte.
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 127).unwrap();
        [&[length], text.as_bytes()].concat()
    };
    [vec![0], text(name), text(value)].concat()
}

/// The next frame.
pub async fn read(connection: &mut (impl AsyncRead + Unpin)) -> io::Result<Frame> {
    let mut head = [0; 9];
    connection.read_exact(&mut head).await?;
    let [one, two, three, kind, flags, ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, one, two, three]) as usize];
    connection.read_exact(&mut payload).await?;
    Ok(Frame { kind, flags, payload })
}
