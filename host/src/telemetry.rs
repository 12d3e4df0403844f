//! What an operator sees of a host: its log, its metrics, and the spans of its requests.
//!
//! One thing holds for all three: keys, bodies, paths, queries and what items say are never in them. What they carry
//! is made here from closed lists (verbs, outcomes, reasons, statuses), from the contract (operations) or by the host
//! (ids). Of what a client sends there are the method, where it is a known one, and the ids of a well-formed
//! `traceparent`, which are hexadecimal digits and nothing else. An `x-request-id` is not read: it is free text.

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

/// Where the parts of a host report to. Each host has its own.
pub struct Telemetry {
    /// What is counted.
    pub metrics: Metrics,
    /// Where spans go.
    pub spans: Spans,
}

impl Telemetry {
    /// For a host that serves this contract and has these pages of its own: what these name is told apart.
    pub fn new(contract: &Contract, pages: &[&str], spans: Spans) -> Result<Telemetry, MetricsError> {
        Ok(Telemetry { metrics: Metrics::new(contract, pages)?, spans })
    }
}
