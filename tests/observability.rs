//! What an operator sees of a host, and what nobody must see there.

mod canary;
mod collector;
mod log;
mod metrics;
mod spans;
