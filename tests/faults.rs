//! A store that fails on request: a proxy before a DynamoDB server, which throttles, breaks, hangs, resets and delays,
//! before a write is applied or after.
//!
//! It stands on the wire, so that what is tested is the whole client: its connections, its timeouts, its retries.

mod plan;
mod proxy;
mod tests;

pub use plan::{Fault, Plan};
pub use proxy::{Proxy, serve};
