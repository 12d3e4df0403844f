//! The edge of the component: WIT on one side, WASI on the other.

mod export;
mod exported;
mod import;
