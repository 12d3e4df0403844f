//! What an operator sees of a host, and what nobody must see there.

mod collector;
mod failing_stores;
mod leaks;
mod log;
pub mod metrics;
mod spans;
