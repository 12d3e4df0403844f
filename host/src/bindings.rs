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
    // The store is reached from a fiber: the guest waits, the thread goes on (ARCHITECTURE.md, "Fibers").
    imports: {
        // Trappable, as is randomness: a guest that calls too often is cut (sandbox/allowance.rs).
        "portdesk:desk/key-value": async | trappable,
        "wasi:random/random": trappable,
    },
    exports: { default: async },
    // A request is lent to the guest, not copied for it.
    ownership: Borrowing { duplicate_if_necessary: false },
});
