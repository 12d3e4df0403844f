//! Lays out the component's memory. A linker argument from here holds whatever RUSTFLAGS says, which a setting in
//! `.cargo/config.toml` would not.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-link-arg-cdylib=-zstack-size={STACK_BYTES}");
        println!("cargo::rustc-link-arg-cdylib=--initial-heap={HEAP_BYTES}");
    }
}

/// One page of wasm. The desk never recurses on input; every pooled instance pays for what it reserves.
const STACK_BYTES: u32 = 64 * 1024;

/// Enough for all but large requests, so that a fresh instance need not ask for memory.
const HEAP_BYTES: u32 = 128 * 1024;
