//! The edge of every store in Rust: the world `store` of `wit/world.wit`, generated once, and the records of the WIT to
//! and from those of `items`.
//!
//! A store implements `bindings::exports::portdesk::desk::key_value::Guest` and hands it to `export!`. Natively this is
//! empty.

#![no_std]

#[cfg(target_family = "wasm")]
extern crate alloc;

#[cfg(target_family = "wasm")]
pub mod bindings;
#[cfg(target_family = "wasm")]
pub mod convert;
