//! The metrics of a host, and the text that a Prometheus server reads.
//!
//! A counter with labels appears with the first event that it counts. Clients cannot choose the text of a label, so the
//! number of series is limited.

mod operations;

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::StatusCode;
use prometheus::core::Collector;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};
use tracing::warn;

use self::operations::Operations;
pub use self::operations::{OperationLabel, Via};
use super::{Outcome, Verb, log};
use crate::contract::Contract;

/// Counts events. The default counter counts nothing.
#[derive(Debug, Clone, Default)]
pub struct Counter(Option<IntCounter>);

impl Counter {
    /// Counts one event.
    pub fn add_one(&self) {
        if let Some(counter) = &self.0 {
            counter.inc();
        }
    }
}

/// All metrics of a host.
pub struct Metrics {
    registry: Registry,
    operations: Operations,
    refusals: IntCounterVec,
    pub(super) abandoned: IntCounter,
    pub(super) in_flight: IntGauge,
    connections: IntGauge,
    connections_ended: IntCounterVec,
    instances_in_use: IntGauge,
    guest_memory: IntGauge,
    store_calls: IntCounterVec,
    store_call_durations: HistogramVec,
    store_retries: IntCounter,
    dropped_lines: IntCounter,
    /// The number of dropped lines that `dropped_lines` has counted.
    counted_lines: AtomicU64,
    store_log: IntGauge,
    certificate_expiry: IntGaugeVec,
}

/// Values that are read when the metrics are rendered.
#[derive(Debug, Clone, Copy)]
pub struct Levels {
    /// The number of instances that work on a request.
    pub instances_in_use: usize,
    /// The most memory that an instance has had.
    pub guest_memory_high_water_bytes: usize,
    /// The size of the store's write-ahead log.
    pub store_log_bytes: u64,
}

impl Metrics {
    /// Metrics of a host with this contract and these pages, with nothing counted yet.
    pub fn new(contract: &Contract, pages: &[&str]) -> Result<Metrics, MetricsError> {
        let registry = Registry::new();
        let families = Families(&registry);
        let counter = |name: &str, help: &str| families.add(IntCounter::new(name, help));
        let gauge = |name: &str, help: &str| families.add(IntGauge::new(name, help));
        let version = "Always 1; states which version runs.";
        let version = families.gauges("portdesk_build_info", version, &["version"])?;
        version.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Ok(Metrics {
            operations: Operations::new(contract, pages, &families)?,
            refusals: families.counters(
                "portdesk_refusals_total",
                "Requests that the host answered in place of the component, by reason.",
                &["reason"],
            )?,
            abandoned: counter(
                "portdesk_requests_abandoned_total",
                "Requests whose client or host went away first.",
            )?,
            in_flight: gauge("portdesk_requests_in_flight", "Requests without an answer.")?,
            connections: gauge("portdesk_connections_open", "Connections that are open.")?,
            connections_ended: families.counters(
                "portdesk_connections_ended_total",
                "Connections that the host ended, or had no place for, by reason.",
                &["reason"],
            )?,
            instances_in_use: gauge("portdesk_instances_in_use", "Instances that work on a request.")?,
            guest_memory: gauge("portdesk_guest_memory_high_water_bytes", "Most memory of one instance.")?,
            store_calls: families.counters(
                "portdesk_store_calls_total",
                "Calls of the store by the component, by verb and outcome.",
                &["verb", "outcome"],
            )?,
            store_call_durations: families.histograms(
                "portdesk_store_call_duration_seconds",
                "From a call of the store to its outcome.",
                "verb",
            )?,
            store_retries: counter("portdesk_store_retries_total", "Repeats of DynamoDB calls.")?,
            dropped_lines: counter(
                "portdesk_log_lines_dropped_total",
                "Lines of the log that nobody read in time, or that could not be written.",
            )?,
            counted_lines: AtomicU64::new(0),
            store_log: gauge(
                "portdesk_store_log_bytes",
                "The size of the write-ahead log of the embedded store; 0 for other stores.",
            )?,
            certificate_expiry: families.gauges(
                "portdesk_tls_certificate_expiry_timestamp_seconds",
                "When the certificate that is being served expires, in seconds since 1970.",
                &[],
            )?,
            registry,
        })
    }

    /// The text of all series, in the format 0.0.4 of Prometheus.
    #[must_use]
    pub fn render(&self, levels: Levels) -> String {
        let number = |level: usize| i64::try_from(level).unwrap_or(i64::MAX);
        self.instances_in_use.set(number(levels.instances_in_use));
        self.guest_memory.set(number(levels.guest_memory_high_water_bytes));
        self.store_log.set(i64::try_from(levels.store_log_bytes).unwrap_or(i64::MAX));
        let dropped = log::dropped_lines();
        let counted = self.counted_lines.fetch_max(dropped, Ordering::Relaxed);
        self.dropped_lines.inc_by(dropped.saturating_sub(counted));
        let mut text = String::new();
        if let Err(error) = TextEncoder::new().encode_utf8(&self.registry.gather(), &mut text) {
            warn!(%error, "the metrics cannot be written");
        }
        text
    }

    /// Counts a connection for as long as the level is kept.
    #[must_use]
    pub fn connection(&self) -> Level {
        Level::raise(&self.connections)
    }

    /// Counts a connection that the host ended.
    pub fn connection_ended(&self, reason: &'static str) {
        self.connections_ended.with_label_values(&[reason]).inc();
    }

    /// The counter of a store's repeated attempts.
    #[must_use]
    pub fn store_retries(&self) -> Counter {
        Counter(Some(self.store_retries.clone()))
    }

    /// Sets the time at which the served certificate expires, in seconds since 1970. The series appears with the first call,
    /// so a host without TLS does not have it.
    pub fn certificate_expires(&self, at_seconds: u64) {
        let at_seconds = i64::try_from(at_seconds).unwrap_or(i64::MAX);
        self.certificate_expiry.with_label_values(&[] as &[&str]).set(at_seconds);
    }

    /// Counts an answer, and returns the label of its operation.
    pub(super) fn request_answered(
        &self,
        operation: &OperationLabel,
        status: StatusCode,
        refusal: Option<&'static str>,
        via: Via,
        seconds: f64,
    ) -> &str {
        if let Some(reason) = refusal {
            self.refusals.with_label_values(&[reason]).inc();
        }
        self.operations.answered(operation, status, via, seconds)
    }

    pub(super) fn store_called(&self, verb: Verb, outcome: Outcome, seconds: f64) {
        self.store_calls.with_label_values(&[verb.as_str(), outcome.as_str()]).inc();
        self.store_call_durations.with_label_values(&[verb.as_str()]).observe(seconds);
    }
}

/// Raises a level until it is dropped.
#[derive(Debug)]
pub struct Level(IntGauge);

impl Level {
    pub(super) fn raise(gauge: &IntGauge) -> Level {
        gauge.inc();
        Level(gauge.clone())
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Makes metrics and registers them.
struct Families<'a>(&'a Registry);

impl Families<'_> {
    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, MetricsError> {
        self.add(IntCounterVec::new(Opts::new(name, help), labels))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, MetricsError> {
        self.add(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    fn histograms(&self, name: &str, help: &str, label: &str) -> Result<HistogramVec, MetricsError> {
        let bounds = HistogramOpts::new(name, help).buckets(BUCKETS_SECONDS.into());
        self.add(HistogramVec::new(bounds, &[label]))
    }

    fn add<F: Collector + Clone + 'static>(&self, family: prometheus::Result<F>) -> Result<F, MetricsError> {
        let family = family?;
        self.0.register(Box::new(family.clone()))?;
        Ok(family)
    }
}

/// Two metrics have the same name, or Prometheus does not allow a name.
#[derive(Debug, thiserror::Error)]
#[error("the metrics cannot be set up ({0})")]
pub struct MetricsError(#[from] prometheus::Error);

/// The shortest is for a read of the store in memory, the longest for the default deadline.
const BUCKETS_SECONDS: [f64; 17] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];
