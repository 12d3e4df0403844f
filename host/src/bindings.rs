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
    imports: {
        // A guest that exceeds its budget traps (sandbox/budget.rs).
        "portdesk:desk/key-value": async | trappable,
        "wasi:random/random": trappable,
    },
    exports: { default: async },
    // A request is lent to the guest, not copied for it.
    ownership: Borrowing { duplicate_if_necessary: false },
});
