//! What a user may set about one request, and about how many there are at once.

use std::time::Duration;

use clap::Args;

use crate::door::HeadLimits;

/// The limits of requests, but for the size of a body.
#[derive(Debug, Clone, Args)]
pub struct Requests {
    /// Most requests with a good key that are in flight at once, 1 to 100000; more are refused with 503
    #[arg(long, env = "PORTDESK_REQUESTS", value_name = "COUNT", default_value_t = 2000,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub requests: u32,

    /// Most bytes of path and query, 1 to 16384; a longer one is refused with 414
    #[arg(long, env = "PORTDESK_TARGET_LIMIT_BYTES", value_name = "BYTES", default_value_t = 8000,
          value_parser = clap::value_parser!(u16).range(1..=16_384))]
    pub target_limit_bytes: u16,

    /// Most bytes of all names and values of headers, 256 to 32768; more are refused with 431, as more than 100 headers are
    #[arg(long, env = "PORTDESK_HEADER_LIMIT_BYTES", value_name = "BYTES", default_value_t = 16_384,
          value_parser = clap::value_parser!(u16).range(256..=32_768))]
    pub header_limit_bytes: u16,

    /// Most milliseconds for a body to arrive, 100 to 300000; later it is refused with 408
    #[arg(long, env = "PORTDESK_BODY_MS", value_name = "MS", default_value_t = 5000,
          value_parser = clap::value_parser!(u32).range(100..=300_000))]
    pub body_ms: u32,
}

impl Requests {
    /// The limits of a head.
    #[must_use]
    pub fn head(&self) -> HeadLimits {
        HeadLimits {
            target_bytes: self.target_limit_bytes.into(),
            header_bytes: self.header_limit_bytes.into(),
        }
    }

    /// How long a body may take.
    #[must_use]
    pub fn body_time(&self) -> Duration {
        Duration::from_millis(self.body_ms.into())
    }

    /// The settings in force, a flag with its value each.
    pub(super) fn effective(&self) -> [(&'static str, String); 4] {
        [
            ("requests", self.requests.to_string()),
            ("target-limit-bytes", self.target_limit_bytes.to_string()),
            ("header-limit-bytes", self.header_limit_bytes.to_string()),
            ("body-ms", self.body_ms.to_string()),
        ]
    }
}
