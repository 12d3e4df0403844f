//! Runs a component without std: an allocator, an end for panics, and the function that a host allocates with.
//!
//! A component links it with `extern crate guest_runtime as _`. Natively it is empty.

#![no_std]

#[cfg(target_family = "wasm")]
extern crate alloc;

#[cfg(target_family = "wasm")]
mod runtime;
