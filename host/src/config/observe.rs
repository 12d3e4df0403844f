//! Settings of metrics and spans.

use std::net::SocketAddr;

use clap::Args;

#[cfg(feature = "otlp")]
use crate::telemetry::CollectorUrl;

/// Where a host can be watched.
#[derive(Debug, Clone, Args)]
pub struct Observe {
    /// Address and port of `/metrics`, for Prometheus
    ///
    /// Port 0 takes a free port. The page needs no key, so an address that other machines can reach needs --allow-plaintext.
    #[arg(long, env = "PORTDESK_METRICS", value_name = "ADDRESS:PORT", value_parser = super::address)]
    pub metrics: Option<SocketAddr>,

    /// Collector that takes spans over OTLP/HTTP
    ///
    /// For example `http://127.0.0.1:4318`. Without it, the host sends no spans.
    #[cfg(feature = "otlp")]
    #[arg(long, env = "PORTDESK_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<CollectorUrl>,
}
