//! Items in a table of Amazon DynamoDB, as a component: `key-value` over the protocol of DynamoDB (JSON 1.0, signed
//! with version 4), through `wasi:http/outgoing-handler`.
//!
//! A call passes through the modules in the order below. `store` holds the limits of the interface; what decides about a
//! write is in the crate `portdesk-items-dynamodb`, which the host has too, so that both may serve one table; `client`
//! makes each of its requests JSON, `attempts` signs and repeats it. Where the table is and who may use it is said by
//! the environment, see [`Settings`].
//!
//! Invariant: nothing outside `wasm` knows of wasm or WIT, and nothing here does IO but through [`Platform`]. The same
//! code runs natively in tests.

#[cfg(target_family = "wasm")]
mod wasm;

// In the order in which a call meets them.
mod store;
mod client;
mod wire;
mod attempts;
mod signature;
mod platform;
mod settings;

#[cfg(test)]
mod tests;

pub use items_dynamodb::Endpoint;
pub use platform::{ANSWER_LIMIT_BYTES, Answer, Platform, Request, SendError, Timeouts};
pub use settings::{SettingError, Settings};
pub use store::{Page, Store, StoreError};
