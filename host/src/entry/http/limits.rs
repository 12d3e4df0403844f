//! The limits of connections: numbers, bytes and times.

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
    /// The most bytes of a head that the host reads. A head within this limit that exceeds those of `door::head` gets a
    /// refusal with a message; a longer head gets a status without a body.
    pub head_bytes: usize,
    /// The most bytes of answers that clients have not read yet, over all connections.
    pub unread_bytes: usize,
    /// The time for a TLS handshake.
    pub handshake: Duration,
    /// The time from the start of the connection, or the end of its handshake, to the first byte.
    pub first_byte: Duration,
    /// The time from the first byte of a head to its last. In HTTP/2, the time from the first byte to the first request.
    pub head: Duration,
    /// The time between two requests.
    pub idle: Duration,
    /// The time in which the client accepts none of the bytes that the host sends.
    pub stall: Duration,
    /// The time until the client has accepted an answer completely.
    pub answer: Duration,
}

#[cfg(test)]
impl ConnectionLimits {
    pub(super) const FOR_TESTS: ConnectionLimits = ConnectionLimits {
        connections: 1,
        connections_per_peer: 1,
        streams: 100,
        head_bytes: 65_536,
        unread_bytes: 1000,
        handshake: Duration::from_secs(5),
        first_byte: Duration::from_secs(1),
        head: Duration::from_secs(2),
        idle: Duration::from_secs(30),
        stall: Duration::from_secs(3),
        answer: Duration::from_secs(10),
    };
}
