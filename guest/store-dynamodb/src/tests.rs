//! The store, natively, over a network that says what it is told to say. What it does against a server, and as a
//! component, is tested in the host's `backend/dynamodb/tests/component.rs`.

mod attempts;
mod network;
mod requests;
mod settings;
mod wire;
