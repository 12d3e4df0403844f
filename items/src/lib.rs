//! Items and the rules of their writes: the promises of `wit/key-value.wit` and `wit/schema.wit` as plain Rust.
//!
//! This crate does not use std, WIT bindings, wasm or IO, so the host and the store components can share it. `limits`
//! checks the limits of a call, `cursor` writes and reads cursors, `record` decides the outcome of a write, `listing`
//! and `memory` keep indexes and items in memory, and `dynamodb` keeps items in a table of Amazon DynamoDB.

#![no_std]

extern crate alloc;

pub mod cursor;
pub mod dynamodb;
pub mod limits;
pub mod listing;
pub mod memory;
pub mod record;

mod error;
mod item;
mod outcome;
mod schema;

pub use error::Error;
pub use item::{
    Entry, FIELDS_LIMIT, Fields, ITEM_LIMIT_BYTES, ITEM_RESERVE_BYTES, Item, STORES_PREFIX, SharedFields,
    Summary, fields_size,
};
pub use outcome::{Append, Change, Insert, Page, Position, Query, QueryError, Update};
pub use schema::{Index, List, Schema};
