//! Exports the functions of `key-value` under the names that the world `store` requires.

#![allow(unsafe_code, unused_qualifications, reason = "generated code; what it calls is in `export`")]

use super::export::KeyValue;

guest_runtime::store::bindings::export!(KeyValue);
