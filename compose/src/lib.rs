//! Builds the components of this tree and composes them into stand-alone ones, for platforms that speak `wasi:http`.
//!
//! A stand-alone component is front, desk and storage in one file. The desk is in it once and runs as two instances:
//! one answers requests, and one has no storage and only says what is stored, which the storage has to know before
//! the first one can be made.

mod artifact;

mod build;

mod composition;

mod absent;

mod contract;

mod platform;

pub use artifact::{Artifact, Error, STORES, Store, all, desk, front, stand_alone, with_storage};
pub use build::component;
pub use contract::Contract;
pub use platform::{PLATFORMS, Platform};
