//! The component's edge: WIT records to plain types and back, and nothing else.

extern crate guest_runtime as _;

mod bindings;
mod export;
mod import;
