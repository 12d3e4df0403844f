//! A store component that keeps items in a table of Amazon DynamoDB. It implements `key-value` over the protocol of
//! DynamoDB (JSON 1.0, AWS Signature Version 4) through `wasi:http/outgoing-handler`.
//!
//! A call passes through the modules in the order below. `store` checks the limits of the interface. The rules for writes
//! are in `items::dynamodb`, which the host uses too, so that both may serve one table. `client` turns each request into
//! JSON, and `attempts` signs, sends and repeats it. Environment variables name the table and the credentials, see
//! [`Settings`].
//!
//! Invariant: only `wasm` depends on wasm and WIT, and all IO goes through [`Platform`]. The same code therefore runs in
//! native tests.

#[cfg(target_family = "wasm")]
mod wasm;

// The modules stand in the order in which a call passes through them.
mod store;
mod client;
mod wire;
mod attempts;
mod signature;
mod platform;
mod settings;

#[cfg(test)]
mod tests;

pub use items::dynamodb::Endpoint;
pub use platform::{ANSWER_LIMIT_BYTES, Answer, Platform, Request, SendError, Timeouts};
pub use settings::{SettingError, Settings};
pub use store::{Store, StoreError};
