//! The host of Portdesk: serves a component of the world `desk` over HTTP and keeps its items.
//!
//! The modules stand in the order in which they come into play: the command line and what it sets, then the
//! walk of a request from the socket to the store. A module calls only those below it.

pub mod commands;
pub mod config;
pub mod host;

pub mod server;
pub mod walk;

pub mod door;
pub mod sandbox;
pub mod storage;

pub mod backend;

mod bindings;
mod idle;
pub mod telemetry;
