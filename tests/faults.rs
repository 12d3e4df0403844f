//! A proxy before a DynamoDB server that makes requests fail: it throttles, breaks, hangs, resets and delays, before the server
//! applies a write or after.
//!
//! The proxy stands on the wire, so the tests cover the whole client: its connections, its timeouts, its retries.

mod plan;
mod proxy;
mod tests;

pub use plan::{Fault, Plan};
pub use proxy::{Answer, Parts, Proxy, Reset, Served, json, pass_on};
