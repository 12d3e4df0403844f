//! A store that keeps items in the memory of a component, for demonstrations and tests on any platform.
//!
//! The items are lost when the instance ends. On a platform that makes a new instance for every request, they are lost
//! after every request.

#![no_std]

extern crate alloc;
// A native build of the library needs a panic handler, which std has. The code itself uses only core and alloc.
#[cfg(not(target_family = "wasm"))]
extern crate std;

#[cfg(target_family = "wasm")]
mod wasm;
mod store;

pub use store::{Error, Store};
