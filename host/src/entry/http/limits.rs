//! How much a client may ask of a connection, and how long it may keep one waiting.

use std::time::Duration;

/// The limits of connections.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// The most connections.
    pub connections: usize,
    /// The most connections of one peer.
    pub connections_per_peer: usize,
    /// The most requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// The most bytes of a head that are read at all. What is over the limits of `door::head` and within this one is
    /// refused in words; the rest gets a bare status.
    pub head_bytes: usize,
    /// The most bytes of answers that clients have not taken yet, over all connections.
    pub unread_bytes: usize,
    /// For a TLS handshake.
    pub handshake: Duration,
    /// From the connection, or the end of its handshake, to the first byte.
    pub first_byte: Duration,
    /// From the first byte of a head to its last. HTTP/2: from the first byte to the first request.
    pub head: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// Without a byte taken of what is sent.
    pub stall: Duration,
    /// Until an answer is taken whole.
    pub answer: Duration,
}
