//! The settings of the group "Limits": how much a request, a connection and the component may use.

use std::ops::RangeInclusive;
use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::{Args, value_parser};

use crate::door::HeadLimits;
use crate::entry::http::ConnectionLimits;
use crate::sandbox::{self, Isolation};

/// The settings of the group "Limits".
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Most time for a request, 10 to 300000 ms
    ///
    /// The time from a request's head to its answer. After it, the client gets 504. A client that does not read its answer within
    /// two more seconds is disconnected.
    #[arg(long = "time-limit-ms", env = "PORTDESK_TIME_LIMIT_MS", value_name = "MS", default_value = "10000",
          value_parser = milliseconds(10..=300_000))]
    pub time_limit: Duration,

    /// Most bytes of a request's body, 1 to 1048576
    ///
    /// A larger body is refused with 413. The built-in component accepts at most 64 KiB, whatever this setting is.
    #[arg(long, env = "PORTDESK_BODY_LIMIT_BYTES", value_name = "BYTES", default_value_t = 65_536,
          value_parser = value_parser!(u32).range(1..=1_048_576), hide_short_help = true)]
    pub body_limit_bytes: u32,

    /// Most requests with a valid key in flight, 1 to 100000
    ///
    /// One more is refused with 503.
    #[arg(long, env = "PORTDESK_REQUESTS", value_name = "COUNT", default_value_t = 2000,
          value_parser = value_parser!(u32).range(1..=100_000), hide_short_help = true)]
    pub requests: u32,

    /// Most requests inside the component, 1 to 1000
    ///
    /// Further requests wait 40 ms and are then refused with 503.
    #[arg(long, env = "PORTDESK_INSTANCES", value_name = "COUNT", default_value_t = 128,
          value_parser = value_parser!(u32).range(1..=1000))]
    pub instances: u32,

    /// Most memory of one instance of the component, 1 to 1024 MiB
    ///
    /// One instruction that fills or copies memory cannot be interrupted and takes about 0.45 ms for each MiB, so this setting also
    /// limits how long a component can hold a thread.
    #[arg(long, env = "PORTDESK_MEMORY_LIMIT_MIB", value_name = "MIB", default_value_t = MEMORY_LIMIT_MIB,
          value_parser = value_parser!(u16).range(1..=1024), hide_short_help = true)]
    pub memory_limit_mib: u16,

    /// Whether an instance answers many requests or one: pooled or fresh
    ///
    /// With `pooled`, an instance answers one request after the other. With `fresh`, each request gets a new instance, which costs
    /// about one and a half times the processor time.
    #[arg(
        long,
        env = "PORTDESK_ISOLATION",
        value_name = "MODE",
        default_value = "pooled",
        hide_short_help = true
    )]
    pub isolation: Isolation,

    /// Most open connections, 1 to 100000
    ///
    /// If one more client connects, the host closes the connection that has waited longest for its client, or answers 503.
    /// One address (for IPv6: one /64 network) can have 4,000 of them.
    #[arg(long, env = "PORTDESK_CONNECTIONS", value_name = "COUNT", default_value_t = 10_000,
          value_parser = value_parser!(u32).range(1..=100_000), hide_short_help = true)]
    pub connections: u32,

    /// Most time that the host waits for a client, 100 to 300000 ms
    ///
    /// This limit applies to each of these waits: for the TLS handshake, for the first byte of a connection, for the rest of a
    /// request's head, for a request's body (then 408), and for a client that reads nothing of its answer.
    #[arg(long = "client-timeout-ms", env = "PORTDESK_CLIENT_TIMEOUT_MS", value_name = "MS", default_value = "5000",
          value_parser = milliseconds(100..=300_000), hide_short_help = true)]
    pub client_timeout: Duration,

    /// Most time between two requests of a connection, 100 to 600000 ms
    #[arg(long = "idle-ms", env = "PORTDESK_IDLE_MS", value_name = "MS", default_value = "30000",
          value_parser = milliseconds(100..=600_000), hide_short_help = true)]
    pub idle: Duration,

    /// Time from the signal to stop to the end of service, 0 to 60000 ms
    ///
    /// SIGTERM, SIGINT and SIGHUP stop a host. During this time `/readyz` answers 503 and everything else continues, so that a load
    /// balancer can notice it.
    #[arg(long = "drain-ms", env = "PORTDESK_DRAIN_MS", value_name = "MS", default_value = "1000",
          value_parser = milliseconds(0..=60_000), hide_short_help = true)]
    pub drain: Duration,

    /// Most time for requests in flight after that, 0 to 600 s
    #[arg(long = "grace-seconds", env = "PORTDESK_GRACE_SECONDS", value_name = "SECONDS", default_value = "10",
          value_parser = value_parser!(u64).range(0..=600).map(Duration::from_secs), hide_short_help = true)]
    pub grace: Duration,
}

impl Limits {
    /// The limits of instances of the component.
    #[must_use]
    pub fn sandbox(&self) -> sandbox::Limits {
        sandbox::Limits {
            isolation: self.isolation,
            instances: self.instances,
            memory_bytes: usize::from(self.memory_limit_mib) << 20,
        }
    }

    /// The limits of a request's head. AWS's API Gateway has similar ones.
    #[must_use]
    pub fn head(&self) -> HeadLimits {
        HeadLimits { target_bytes: TARGET_LIMIT_BYTES, header_bytes: HEADER_LIMIT_BYTES }
    }

    /// The limits of connections. The host checks times ten times a second, so a wait can be 100 ms longer.
    #[must_use]
    pub fn connections(&self) -> ConnectionLimits {
        ConnectionLimits {
            connections: self.connections as usize,
            connections_per_peer: CONNECTIONS_PER_PEER,
            streams: STREAMS,
            head_bytes: self.head().read_bytes(),
            unread_bytes: UNREAD_LIMIT_BYTES,
            handshake: self.client_timeout,
            first_byte: self.client_timeout,
            head: self.client_timeout,
            idle: self.idle,
            stall: self.client_timeout,
            answer: self.time_limit + READING_TIME,
        }
    }
}

fn milliseconds(range: RangeInclusive<u64>) -> impl TypedValueParser<Value = Duration> {
    value_parser!(u64).range(range).map(Duration::from_millis)
}

/// Far more than the desk needs. An instruction that fills or copies memory cannot be interrupted: 32 MiB hold a thread for about
/// 15 ms (0.45 ms for each MiB, measured with pages that the kernel has to provide first).
pub const MEMORY_LIMIT_MIB: u16 = 32;
/// Path and query of a request; a longer one is refused with 414.
const TARGET_LIMIT_BYTES: usize = 8000;
/// Names and values of all headers; more are refused with 431.
const HEADER_LIMIT_BYTES: usize = 16 * 1024;
/// A proxy needs far fewer, and one client cannot take all connections of the default.
const CONNECTIONS_PER_PEER: usize = 4000;
/// Requests at the same time on one HTTP/2 connection. Common servers and proxies have this limit, so clients expect it.
const STREAMS: u32 = 100;
/// Memory of all answers that clients do not read. Above it, the host closes the connections with the most unread bytes.
const UNREAD_LIMIT_BYTES: usize = 128 << 20;
/// How long a client may read its answer after the time limit of its request.
const READING_TIME: Duration = Duration::from_secs(2);
