//! The ticket logic of Portdesk: it answers HTTP requests and keeps tickets in an abstract store.
//!
//! A request passes through the modules in the order below. `api` finds the operation and parses the request into types;
//! `desk` performs the operation with as few calls of the store as possible; `ticket` has the rules for tickets;
//! `record` converts tickets to and from stored items. The answer is the return value. If a module refuses a request, it
//! returns a `Refusal`, and `problem` turns the refusal into the answer for the client.
//!
//! Invariant: only `wasm` depends on wasm and WIT, and all IO goes through [`Env`]. The same code therefore runs in
//! native tests.

#![no_std]

extern crate alloc;
// A native build of the library needs a panic handler, which std has. The code itself uses only core and alloc.
#[cfg(not(target_family = "wasm"))]
extern crate std;

#[cfg(target_family = "wasm")]
mod wasm;

// The modules stand in the order in which a request passes through them.
mod api;
mod refusal;
mod problem;
mod desk;
mod schema;
mod ticket;
mod record;
mod identity;
pub mod store;
mod env;
mod time;

#[cfg(test)]
mod tests;

pub use api::handle;
pub use api::message::{Headers, Request, Response};
pub use env::{Clock, Env, Random};
pub use schema::{Collection, Index, List, collection, openapi};
