#![no_std]
//! proto
extern crate alloc;
#[cfg(target_family = "wasm")]
mod wasm;
