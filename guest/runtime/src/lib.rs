//! The parts of std that a component without std has to replace: an allocator (there are two to choose from), a panic
//! handler, and the function with which a host allocates memory in the component.
//!
//! A component selects its allocator: `#[global_allocator] static ALLOCATOR: LibcHeap = LibcHeap;`. A native build of
//! this crate has only the parts that native tests can test.

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
