//! The bindings that wit-bindgen generates for the interfaces in `wit/`.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated code; the documentation is in wit/"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "store",
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "guest_runtime::store::bindings",
});
