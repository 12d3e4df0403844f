//! The bindings that wit-bindgen generates for the interfaces in `wit/`. The bindings for WASI come from the crate
//! `wasip2`.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated code; the documentation is in wit/"
)]

use super::export::Front;

wit_bindgen::generate!({ path: "../../wit", world: "front", generate_all });

wasip2::http::proxy::export!(Front);
