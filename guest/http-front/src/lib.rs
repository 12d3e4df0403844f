//! Lifts a component of the world `desk` into a platform that speaks `wasi:http`.
//!
//! It does for the component what the host of this project does: pages of its own, limits, the headers that may be
//! passed, the request id, the headers that belong to a connection. It checks no key and counts no rate: that is the
//! platform's part. A request passes through the modules in the order below.

#![no_std]

extern crate alloc;
// Natively the library needs somebody's panic handler; the code itself keeps to core and alloc.
#[cfg(not(target_family = "wasm"))]
extern crate std;

#[cfg(target_family = "wasm")]
mod wasm;
mod front;
mod page;
mod head;
mod client;
mod refusal;
mod answer;

pub use answer::{Answer, Headers, Outgoing};
pub use front::{BODY_BYTES, Body, Incoming, Request, Responder, serve};
pub use refusal::Refusal;
