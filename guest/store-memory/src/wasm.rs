//! The component's edge: WIT records to plain types and back, and the one store that an instance has.

extern crate guest_runtime as _;

mod export;
mod exported;
