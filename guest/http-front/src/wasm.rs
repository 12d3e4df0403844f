//! The edge of the component: `wasi:http` on one side, `handler` on the other.

extern crate guest_runtime as _;

mod bindings;
mod export;

mod body;
mod import;
