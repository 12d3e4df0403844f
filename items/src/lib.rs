//! Items and the rules of their writes: what `wit/key-value.wit` and `wit/schema.wit` promise, as plain Rust.
//!
//! Nothing here knows of WIT bindings, wasm or IO, so that the host and stores that are components share it. `limits`
//! holds the limits of a call, `cursor` makes and reads cursors, `record` decides what a write comes to, `listing` and
//! `memory` keep indexes and items in memory.

#![no_std]

extern crate alloc;

pub mod cursor;
pub mod limits;
pub mod listing;
pub mod memory;
pub mod record;

mod item;
mod outcome;
mod schema;

pub use item::{
    Entry, FIELDS_LIMIT, Fields, ITEM_LIMIT_BYTES, ITEM_RESERVE_BYTES, Item, STORES_PREFIX, SharedFields,
    Summary, fields_size,
};
pub use outcome::{Append, Change, Insert, Page, Position, Query, Update};
pub use schema::{Index, List, Schema};
