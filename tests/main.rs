//! Holds Portdesk against its contracts. Every module says what it holds, and what it does not.
//!
//! - `contract`: reads `openapi.yaml`, holds the contract to its own rules, and checks answers by it;
//! - `tidy`: holds the source tree to the rules of this project;
//! - `harness`: hosts in this process and in others, and a client that refuses answers without a contract;
//! - `end_to_end`: the operations over HTTP, on every store and in both modes of isolation.

mod contract;
mod end_to_end;
mod harness;
mod tidy;
