//! Items in the memory of a component: for demonstrations and tests on any platform.
//!
//! Nothing outlives the instance. A platform that makes an instance for every request forgets after every request.

#![no_std]

extern crate alloc;
// Natively the library needs somebody's panic handler; the code itself keeps to core and alloc.
#[cfg(not(target_family = "wasm"))]
extern crate std;

#[cfg(target_family = "wasm")]
mod wasm;
mod store;

pub use store::{Error, Listed, Store};
