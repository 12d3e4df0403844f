//! Packs the contract, and lays out the component's memory. A linker argument from here holds whatever RUSTFLAGS says,
//! which a setting in `.cargo/config.toml` would not.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use miniz_oxide::deflate::compress_to_vec;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={CONTRACT}");
    let packed = compress_to_vec(&fs::read(CONTRACT)?, COMPRESSION);
    fs::write(Path::new(&env::var("OUT_DIR")?).join("openapi.deflate"), packed)?;
    if env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-link-arg-cdylib=-zstack-size={STACK_BYTES}");
        println!("cargo::rustc-link-arg-cdylib=--initial-heap={HEAP_BYTES}");
    }
    Ok(())
}

const CONTRACT: &str = "../../openapi.yaml";

/// The level at which miniz works hardest.
const COMPRESSION: u8 = 10;

/// One page of wasm. The desk never recurses on input; every pooled instance pays for what it reserves.
const STACK_BYTES: u32 = 64 * 1024;

/// Enough for all but large requests, so that a fresh instance need not ask for memory.
const HEAP_BYTES: u32 = 128 * 1024;
