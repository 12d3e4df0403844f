//! The log, the metrics and the spans of a host, and the data that must not be in them.

mod collector;
mod failing_stores;
mod leaks;
mod log;
pub mod metrics;
mod spans;
