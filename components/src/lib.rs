//! Builds the components of this workspace: for build scripts that embed them ([`Guest`]), and, with the feature `compose`, for
//! other platforms.
//!
//! A stand-alone component for a platform that speaks `wasi:http` has a front, a desk and a store in one file. It contains the
//! desk once and runs it as two instances. One instance answers requests. The other one has no store and only returns the
//! schema, which the store needs before the first instance can exist.

mod guest;
mod nested_cargo;

#[cfg(feature = "compose")]
mod artifact;
#[cfg(feature = "compose")]
mod component;
#[cfg(feature = "compose")]
mod composition;
#[cfg(feature = "compose")]
mod interfaces;
#[cfg(feature = "compose")]
mod platform;
#[cfg(feature = "compose")]
mod stub_store;

#[cfg(feature = "compose")]
pub use artifact::{Artifact, Error, STORES, Store, all, desk, stand_alone, with_store};
#[cfg(feature = "compose")]
pub use component::component;
pub use guest::Guest;
#[cfg(feature = "compose")]
pub use interfaces::Interfaces;
