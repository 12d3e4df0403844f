//! Builds the components of this tree and composes them into stand-alone ones, for platforms that speak `wasi:http`.
//!
//! A stand-alone component is front, desk and store in one file. The desk is in it once and runs as two instances:
//! one answers requests, and one has no store and only says what is stored, which the store has to know before
//! the first one can be made.

mod artifact;
mod build;
mod composition;
mod stub_store;
mod interfaces;
mod platform;

pub use artifact::{Artifact, Error, STORES, Store, all, desk, front, stand_alone, with_store};
pub use build::component;
pub use interfaces::Interfaces;
pub use platform::{PLATFORMS, Platform};
