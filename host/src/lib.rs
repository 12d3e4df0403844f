//! The host of Portdesk: serves a component of the world `desk` over HTTP and keeps its items.
//!
//! The modules stand in the order in which they come into play: the command line and what it sets, then the
//! way of a request from the socket to the store. A module calls only those below it.

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic if the stream cannot be written, and wait while nobody reads it"
)]

pub mod commands;
pub mod config;
pub mod service;
pub mod host;
pub mod entry;
pub mod admin;
pub mod pipeline;
pub mod door;
pub mod sandbox;
pub mod store;
pub mod backend;

mod bindings;
pub mod clock;
pub mod contract;
pub mod environment;
pub mod files;
mod idle;
mod standard;
pub mod telemetry;
