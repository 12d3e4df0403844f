//! The bindings of the world `store` in `wit/world.wit`, generated once for all store components in Rust, and the
//! conversions between the records of WIT and the types of `items`.
//!
//! A store implements `bindings::exports::portdesk::desk::key_value::Guest` and passes its type to `export!`. In a
//! native build this crate is empty.

#![no_std]

#[cfg(target_family = "wasm")]
extern crate alloc;

#[cfg(target_family = "wasm")]
pub mod bindings;
#[cfg(target_family = "wasm")]
pub mod convert;
