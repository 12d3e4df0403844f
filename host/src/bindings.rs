//! What `wit/` says, as Rust. Nothing but the macro: its code is not ours to lint or to document.
#![allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::pedantic,
    reason = "generated from wit/, which carries the documentation"
)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "desk",
    // Not key-value, of which only what a guest hands over is taken from here: sandbox/key_value.rs links it.
    imports: {
        // A guest that draws too much is cut (sandbox/budget.rs).
        "wasi:random/random": trappable,
    },
    exports: { default: async },
    // A request is lent to the guest, not copied for it.
    ownership: Borrowing { duplicate_if_necessary: false },
});
