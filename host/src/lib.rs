//! The host of Portdesk: serves a component of the world `desk` over HTTP and keeps its items.

pub mod backend;
