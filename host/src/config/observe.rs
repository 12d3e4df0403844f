//! What a user may set about metrics and spans.

use std::net::SocketAddr;

use clap::Args;

#[cfg(feature = "otlp")]
use crate::telemetry::CollectorUrl;

/// Who may look at a host.
#[derive(Debug, Clone, Args)]
pub struct Observe {
    /// Address and port of the page `/metrics`, for Prometheus; port 0 takes a free one. Without it there is none
    #[arg(long, env = "PORTDESK_METRICS", value_name = "ADDRESS:PORT", value_parser = super::address)]
    pub metrics: Option<SocketAddr>,

    /// Lets --metrics be an address that other machines reach; the page needs no key
    #[arg(long, env = "PORTDESK_METRICS_PUBLIC")]
    pub metrics_public: bool,

    /// Collector that takes spans over OTLP/HTTP, for example `http://127.0.0.1:4318`. Without it there are none
    #[cfg(feature = "otlp")]
    #[arg(long, env = "PORTDESK_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<CollectorUrl>,
}

impl Observe {
    /// The settings in force, a flag with its value each.
    pub(super) fn effective(&self) -> Vec<(&'static str, String)> {
        let off = || "off".to_owned();
        vec![
            ("metrics", self.metrics.map_or_else(off, |address| address.to_string())),
            ("metrics-public", self.metrics_public.to_string()),
            #[cfg(feature = "otlp")]
            ("otlp-endpoint", self.otlp_endpoint.as_ref().map_or_else(off, ToString::to_string)),
        ]
    }
}
