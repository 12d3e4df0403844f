//! What a user may set about connections: how many there may be, and how long a client may keep one waiting.

use std::time::Duration;

use clap::Args;

use crate::entry::http::ConnectionLimits;

/// The limits of connections. Every time is checked ten times a second, so that it may be over by 100 ms.
#[derive(Debug, Clone, Args)]
pub struct Connections {
    /// Most connections, 1 to 100000; one more takes the place of the one that has waited longest for its client
    #[arg(long, env = "PORTDESK_CONNECTIONS", value_name = "COUNT", default_value_t = 10_000,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub connections: u32,

    /// Most connections of one peer address (IPv6: of one /64 network), 1 to 100000
    #[arg(long, env = "PORTDESK_CONNECTIONS_PER_PEER", value_name = "COUNT", default_value_t = 4000,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub connections_per_peer: u32,

    /// Most requests at once on one HTTP/2 connection, 1 to 1000
    #[arg(long, env = "PORTDESK_STREAMS", value_name = "COUNT", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub streams: u32,

    /// Most milliseconds for a TLS handshake, 100 to 600000
    #[arg(long, env = "PORTDESK_HANDSHAKE_MS", value_name = "MS", default_value_t = 5000,
          value_parser = time())]
    pub handshake_ms: u32,

    /// Most milliseconds from a connection to its first byte, 100 to 600000
    #[arg(long, env = "PORTDESK_FIRST_BYTE_MS", value_name = "MS", default_value_t = 5000,
          value_parser = time())]
    pub first_byte_ms: u32,

    /// Most milliseconds from the first byte of a request's head to its last, 100 to 600000
    #[arg(long, env = "PORTDESK_HEAD_MS", value_name = "MS", default_value_t = 5000,
          value_parser = time())]
    pub head_ms: u32,

    /// Most milliseconds that a connection may idle between two requests, 100 to 600000
    #[arg(long, env = "PORTDESK_IDLE_MS", value_name = "MS", default_value_t = 30_000,
          value_parser = time())]
    pub idle_ms: u32,

    /// Most milliseconds in which a client takes nothing of what it is sent, 100 to 600000
    #[arg(long, env = "PORTDESK_STALL_MS", value_name = "MS", default_value_t = 5000,
          value_parser = time())]
    pub stall_ms: u32,

    /// Most milliseconds until a client has taken a whole answer, 100 to 600000
    #[arg(long, env = "PORTDESK_ANSWER_MS", value_name = "MS", default_value_t = 12_000,
          value_parser = time())]
    pub answer_ms: u32,

    /// Most memory for answers that clients do not take, 1 to 65536 MiB; past it those who hold most are cut
    #[arg(long, env = "PORTDESK_UNTAKEN_LIMIT_MIB", value_name = "MIB", default_value_t = 128,
          value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub untaken_limit_mib: u32,
}

fn time() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(100..=600_000)
}

impl Connections {
    /// What the server is started with, where a head may have so many bytes.
    #[must_use]
    pub fn limits(&self, head_bytes: usize) -> ConnectionLimits {
        let time = |milliseconds: u32| Duration::from_millis(milliseconds.into());
        ConnectionLimits {
            connections: self.connections as usize,
            connections_per_peer: self.connections_per_peer as usize,
            streams: self.streams,
            head_bytes,
            unread_bytes: (self.untaken_limit_mib as usize) << 20,
            handshake: time(self.handshake_ms),
            first_byte: time(self.first_byte_ms),
            head: time(self.head_ms),
            idle: time(self.idle_ms),
            stall: time(self.stall_ms),
            answer: time(self.answer_ms),
        }
    }

    /// The settings in force, a flag with its value each.
    pub(super) fn effective(&self) -> [(&'static str, String); 10] {
        [
            ("connections", self.connections.to_string()),
            ("connections-per-peer", self.connections_per_peer.to_string()),
            ("streams", self.streams.to_string()),
            ("handshake-ms", self.handshake_ms.to_string()),
            ("first-byte-ms", self.first_byte_ms.to_string()),
            ("head-ms", self.head_ms.to_string()),
            ("idle-ms", self.idle_ms.to_string()),
            ("stall-ms", self.stall_ms.to_string()),
            ("answer-ms", self.answer_ms.to_string()),
            ("untaken-limit-mib", self.untaken_limit_mib.to_string()),
        ]
    }
}
