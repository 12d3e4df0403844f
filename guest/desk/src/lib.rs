//! The ticket logic of Portdesk: HTTP-shaped requests in, answers out, over an abstract store.
//!
//! A request passes through the modules in the order below. `api` finds the operation and reads what the request
//! says into types; `desk` does the operation with the fewest calls of the store; `ticket` holds the rules; `record`
//! knows how a ticket is stored. The answer comes back as the return value. Whatever refuses a request is a `Refusal`,
//! which `problem` turns into what the client sees.
//!
//! Invariant: nothing outside `wasm` knows of wasm or WIT, and nothing here does IO but through [`Env`]. The same
//! code runs natively in tests.

#![no_std]

extern crate alloc;
// Natively the library needs somebody's panic handler; the code itself keeps to core and alloc.
#[cfg(not(target_family = "wasm"))]
extern crate std;

#[cfg(target_family = "wasm")]
mod wasm;

// In the order in which a request meets them.
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
