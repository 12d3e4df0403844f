//! What an operator can observe of a host: its log, its metrics, and the spans of its requests.
//!
//! None of the three ever contains keys, bodies, paths, queries or the contents of items. Their values come from closed
//! lists (verbs, outcomes, reasons, statuses), from the contract (operations) or from the host (ids). Of a client's
//! request they contain only the method, if it is one of HTTP, and the ids of a well-formed `traceparent`, which are
//! hexadecimal digits. An `x-request-id` is not read, because it is free text.

pub(crate) mod log;
mod metrics;
mod request;
mod spans;
mod store_call;
mod traceparent;

pub use self::metrics::{Counter, Level, Levels, Metrics, MetricsError, OperationLabel, Via};
pub use self::request::RequestWatch;
pub use self::spans::{CollectorError, CollectorUrl, Spans, continued};
pub use self::store_call::{Outcome, StoreCallWatch, Verb};
use crate::contract::Contract;

/// The metrics and the spans of one host.
pub struct Telemetry {
    /// The metrics.
    pub metrics: Metrics,
    /// Sends spans to a collector.
    pub spans: Spans,
}

impl Telemetry {
    /// Creates the telemetry of a host. Requests are counted by the operations of its contract and by its pages.
    pub fn new(contract: &Contract, pages: &[&str], spans: Spans) -> Result<Telemetry, MetricsError> {
        Ok(Telemetry { metrics: Metrics::new(contract, pages)?, spans })
    }
}
