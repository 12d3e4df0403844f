//! Holds Portdesk against its contracts.
//!
//! - `contract`: reads `openapi.yaml`, holds the contract to its own rules, and checks answers by it;
//! - `tidy`: holds the source tree to the rules of this project.

mod contract;
mod tidy;
