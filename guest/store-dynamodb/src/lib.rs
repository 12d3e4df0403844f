//! Items in a table of Amazon DynamoDB, as a component: `key-value` over the protocol of DynamoDB (JSON 1.0, signed
//! with version 4), through `wasi:http/outgoing-handler`.
//!
//! A call passes through the modules in the order below. `store` holds the limits of the contract; what decides about a
//! write is in the crate `portdesk-items-dynamodb`, which the host has too, so that both may serve one table; `client`
//! makes each of its requests JSON, `attempts` signs and repeats it. Where the table is and who may use it is said by
//! the environment, see [`Settings`].
//!
//! Invariant: nothing outside `wasm` knows of wasm or WIT, and nothing here does IO but through [`Outside`]. The same
//! code runs natively in tests.

#[cfg(target_family = "wasm")]
mod wasm;

// In the order in which a call meets them; the empty lines keep rustfmt from sorting them by name.
mod store;

mod client;
mod wire;

mod attempts;
mod signature;

mod outside;

mod settings;

#[cfg(test)]
mod tests;

pub use items_dynamodb::Endpoint;
pub use outside::{ANSWER_LIMIT_BYTES, Answer, Outside, Patience, Request, Unanswered};
pub use settings::{SettingError, Settings};
pub use store::{Failure, Page, Store};
