//! The metrics of a host, and the text that a Prometheus server reads.
//!
//! A counter with labels appears with the first event that it counts. Clients cannot choose the text of a label, so the
//! number of series is limited.

mod operations;

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::StatusCode;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};
use tracing::warn;

pub use self::operations::Operation;
use self::operations::Operations;
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
    abandoned: IntCounter,
    in_flight: IntGauge,
    connections: IntGauge,
    connections_ended: IntCounterVec,
    instances_in_use: IntGauge,
    guest_memory: IntGauge,
    store_calls: IntCounterVec,
    store_call_durations: HistogramVec,
    store_retries: IntCounter,
    dropped_lines: DroppedLines,
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
        families.build_info()?;
        let requests = families.counters(
            "portdesk_requests_total",
            "Requests that were answered, by operation and status.",
            &["operation", "status"],
        )?;
        let durations = families.histograms(
            "portdesk_request_duration_seconds",
            "From the head of a request to its answer.",
            "operation",
        )?;
        let (store_calls, store_call_durations) = families.store_calls()?;
        Ok(Metrics {
            operations: Operations::new(contract, pages, requests, durations),
            refusals: families.counters(
                "portdesk_refusals_total",
                "Requests that the host answered in place of the component, by reason.",
                &["reason"],
            )?,
            abandoned: families.counter(
                "portdesk_requests_abandoned_total",
                "Requests whose client or host went away first.",
            )?,
            in_flight: families.gauge("portdesk_requests_in_flight", "Requests that have no answer yet.")?,
            connections: families.gauge("portdesk_connections_open", "Connections that are open.")?,
            connections_ended: families.counters(
                "portdesk_connections_ended_total",
                "Connections that the host ended, or had no place for, by reason.",
                &["reason"],
            )?,
            instances_in_use: families
                .gauge("portdesk_instances_in_use", "Instances of the component that work on a request.")?,
            guest_memory: families.gauge(
                "portdesk_guest_memory_high_water_bytes",
                "The most memory that an instance of the component has had.",
            )?,
            store_calls,
            store_call_durations,
            store_retries: families.store_retries()?,
            dropped_lines: DroppedLines::new(&families)?,
            store_log: families.store_log()?,
            certificate_expiry: families.certificate_expiry()?,
            registry,
        })
    }

    /// The text of all series, in the format 0.0.4 of Prometheus.
    #[must_use]
    pub fn render(&self, levels: Levels) -> String {
        let number = |level: usize| i64::try_from(level).unwrap_or(i64::MAX);
        self.instances_in_use.set(number(levels.instances_in_use));
        self.guest_memory.set(number(levels.guest_memory_high_water_bytes));
        self.dropped_lines.update();
        self.store_log.set(i64::try_from(levels.store_log_bytes).unwrap_or(i64::MAX));
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

    pub(super) fn request_in_flight(&self) -> Level {
        Level::raise(&self.in_flight)
    }

    pub(super) fn request_abandoned(&self) {
        self.abandoned.inc();
    }

    /// Counts an answer, and returns the label of its operation.
    pub(super) fn request_answered(
        &self,
        operation: &Operation,
        status: StatusCode,
        refusal: Option<&'static str>,
        seconds: f64,
    ) -> &str {
        if let Some(reason) = refusal {
            self.refusals.with_label_values(&[reason]).inc();
        }
        self.operations.answered(operation, status, seconds)
    }

    pub(super) fn store_called(&self, verb: Verb, outcome: Outcome, seconds: f64) {
        self.store_calls.with_label_values(&[verb.as_str(), outcome.as_str()]).inc();
        self.store_call_durations.with_label_values(&[verb.as_str()]).observe(seconds);
    }
}

/// Lines of the log that were dropped. The log of the process counts them.
struct DroppedLines {
    counter: IntCounter,
    /// How many of them the counter has counted.
    shown: AtomicU64,
}

impl DroppedLines {
    fn new(families: &Families<'_>) -> Result<DroppedLines, MetricsError> {
        let counter = families.counter(
            "portdesk_log_lines_dropped_total",
            "Lines of the log that nobody read in time, or that could not be written.",
        )?;
        Ok(DroppedLines { counter, shown: AtomicU64::new(0) })
    }

    fn update(&self) {
        let dropped = log::dropped_lines();
        let shown = self.shown.fetch_max(dropped, Ordering::Relaxed);
        self.counter.inc_by(dropped.saturating_sub(shown));
    }
}

/// Raises a level until it is dropped.
#[derive(Debug)]
pub struct Level(IntGauge);

impl Level {
    fn raise(gauge: &IntGauge) -> Level {
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
    fn build_info(&self) -> Result<(), MetricsError> {
        let version = self.gauges("portdesk_build_info", "Always 1; says which version runs.", "version")?;
        version.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Ok(())
    }

    fn store_retries(&self) -> Result<IntCounter, MetricsError> {
        let help = "Attempts at a call of DynamoDB beyond its first.";
        self.counter("portdesk_store_retries_total", help)
    }

    fn store_log(&self) -> Result<IntGauge, MetricsError> {
        let help = "The size of the write-ahead log of the embedded store; 0 for other stores.";
        self.gauge("portdesk_store_log_bytes", help)
    }

    fn store_calls(&self) -> Result<(IntCounterVec, HistogramVec), MetricsError> {
        let calls = self.counters(
            "portdesk_store_calls_total",
            "Calls of the store by the component, by verb and outcome.",
            &["verb", "outcome"],
        )?;
        let durations = self.histograms(
            "portdesk_store_call_duration_seconds",
            "From a call of the store to its outcome.",
            "verb",
        )?;
        Ok((calls, durations))
    }

    fn certificate_expiry(&self) -> Result<IntGaugeVec, MetricsError> {
        let name = "portdesk_tls_certificate_expiry_timestamp_seconds";
        let help = "When the certificate that is being served expires, in seconds since 1970.";
        self.known(IntGaugeVec::new(Opts::new(name, help), &[])?)
    }

    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, MetricsError> {
        self.known(IntCounter::new(name, help)?)
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, MetricsError> {
        self.known(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, MetricsError> {
        self.known(IntGauge::new(name, help)?)
    }

    fn gauges(&self, name: &str, help: &str, label: &str) -> Result<IntGaugeVec, MetricsError> {
        self.known(IntGaugeVec::new(Opts::new(name, help), &[label])?)
    }

    fn histograms(&self, name: &str, help: &str, label: &str) -> Result<HistogramVec, MetricsError> {
        let bounds = HistogramOpts::new(name, help).buckets(BUCKETS_SECONDS.into());
        self.known(HistogramVec::new(bounds, &[label])?)
    }

    fn known<F: prometheus::core::Collector + Clone + 'static>(&self, family: F) -> Result<F, MetricsError> {
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
