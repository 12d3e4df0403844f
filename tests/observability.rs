//! What an operator sees of a host, and what nobody must see there.

mod canary;
mod collector;
mod failing_stores;
mod log;
pub mod metrics;
mod spans;
