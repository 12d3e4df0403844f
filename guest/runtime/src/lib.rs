//! Runs a component without std: two allocators to choose from, an end for panics, and the function that a host
//! allocates with.
//!
//! A component names its allocator: `#[global_allocator] static ALLOCATOR: LibcHeap = LibcHeap;`. Natively there is nothing
//! here but what can be tested.

#![no_std]

#[cfg(target_family = "wasm")]
extern crate alloc;

#[cfg(target_family = "wasm")]
mod arena;

#[cfg(any(target_family = "wasm", test))]
mod region;

#[cfg(target_family = "wasm")]
mod libc_heap;

#[cfg(target_family = "wasm")]
mod runtime;

#[cfg(target_family = "wasm")]
pub use self::{arena::Arena, libc_heap::LibcHeap};
