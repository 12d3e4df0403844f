//! What every store component in Rust has: the bindings of the world `store` in `wit/world.wit`, and the conversions
//! between the records of WIT and the types of `items`.
//!
//! A store implements `bindings::exports::portdesk::desk::key_value::Guest` and passes its type to `export!`.

pub mod bindings;
pub mod convert;
