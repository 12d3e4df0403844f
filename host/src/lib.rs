//! The host of Portdesk: serves a component of the world `desk` over HTTP and keeps its items.
//!
//! The modules stand in the order of their use: first the command line and the settings, then the modules that a request
//! passes from the socket to the store. A module calls only modules below it.

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
pub mod scenario;
pub mod pipeline;
pub mod mcp;
pub mod space;
pub mod door;
pub mod sandbox;
pub mod store;
pub mod exchange;
pub mod faults;
pub mod journal;
pub mod backend;

#[cfg(feature = "dynamodb")]
mod aws;
mod bindings;
pub mod chance;
pub mod clock;
pub mod contract;
pub mod environment;
pub mod files;
pub mod http_url;
mod idle;
mod name;
pub mod outgoing;
mod standard;
pub mod state;
pub mod telemetry;
