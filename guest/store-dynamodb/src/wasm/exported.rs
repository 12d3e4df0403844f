//! The functions under the names that the world `storage` gives them.

#![allow(unsafe_code, unused_qualifications, reason = "generated code; what it calls is in `export`")]

use super::export::KeyValue;

storage_edge::bindings::export!(KeyValue);
