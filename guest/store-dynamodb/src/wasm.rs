//! The edge of the component: WIT on one side, WASI on the other.

mod bindings;
mod export;

mod convert;

mod import;
