//! What an operator can observe of a host: its log, its metrics, and the spans of its requests.
//!
//! None of the three ever contains keys, bodies, paths, queries or the contents of items. Their values come from closed
//! lists (verbs, outcomes, reasons, statuses), from the contract (operations) or from the host (ids). Of a client's
//! request they contain only the method, if it is one of HTTP, and the ids of a well-formed `traceparent`, which are
//! hexadecimal digits. An `x-request-id` is not read, because it is free text.

pub(crate) mod log;
mod metrics;
mod request;
#[cfg(feature = "otlp")]
mod spans;
#[cfg(not(feature = "otlp"))]
#[path = "telemetry/no_spans.rs"]
mod spans;
mod store_call;
mod traceparent;

pub use self::metrics::{Counter, Level, Levels, Metrics, MetricsError, Operation};
pub use self::request::RequestWatch;
#[cfg(feature = "otlp")]
pub use self::spans::{CollectorError, CollectorUrl};
pub use self::spans::{Spans, continued};
pub use self::store_call::{Outcome, StoreCallWatch, Verb};
pub use self::traceparent::Traceparent;
use crate::contract::Contract;

/// The metrics and the spans of one host.
pub struct Telemetry {
    /// The metrics.
    pub metrics: Metrics,
    /// Sends spans to a collector.
    pub spans: Spans,
}

impl Telemetry {
    /// Telemetry for a host with this contract and these pages of its own. Requests are counted by their names.
    pub fn new(contract: &Contract, pages: &[&str], spans: Spans) -> Result<Telemetry, MetricsError> {
        Ok(Telemetry { metrics: Metrics::new(contract, pages)?, spans })
    }
}
