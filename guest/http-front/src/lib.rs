//! Runs a component of the world `desk` on a platform with `wasi:http`.
//!
//! The front does the same work for the component as the host of this project: it serves pages of its own, applies
//! limits, selects the headers for the component, makes the request id, and drops headers of the connection. The
//! platform, not the front, checks keys and limits rates. A request passes through the modules in the order below.

#![no_std]

extern crate alloc;
// A native build of the library needs a panic handler, which std has. The code itself uses only core and alloc.
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
