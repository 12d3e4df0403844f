//! The parts that components in Rust share. A component selects them with features.
//!
//! - `no-std`: what a component without std has to replace: an allocator (there are two to choose from), a panic handler,
//!   and the function with which a host allocates memory in the component. The component selects its allocator with
//!   `#[global_allocator] static ALLOCATOR: LibcHeap = LibcHeap;` and calls `panic_handler!()`.
//! - `store`: the bindings of the world `store`, for store components.
//!
//! A native build of this crate has only the parts that native tests can test.

#![no_std]

#[cfg(target_family = "wasm")]
extern crate alloc;

#[cfg(all(target_family = "wasm", feature = "no-std"))]
mod arena;

#[cfg(any(all(target_family = "wasm", feature = "no-std"), test))]
mod region;

#[cfg(all(target_family = "wasm", feature = "no-std"))]
mod libc_heap;

#[cfg(all(target_family = "wasm", feature = "no-std"))]
mod runtime;

#[cfg(all(target_family = "wasm", feature = "store"))]
pub mod store;

#[cfg(all(target_family = "wasm", feature = "no-std"))]
pub use self::{arena::Arena, libc_heap::LibcHeap};
