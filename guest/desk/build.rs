//! Compresses the contract and sets the layout of the component's memory. Linker arguments from a build script apply even
//! if RUSTFLAGS is set; RUSTFLAGS would replace a setting in `.cargo/config.toml`.

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

/// The highest compression level of miniz.
const COMPRESSION: u8 = 10;

/// One page of wasm is enough, because the depth of the desk's calls does not depend on the input. Every pooled instance
/// needs this memory.
const STACK_BYTES: u32 = 64 * 1024;

/// Enough for all requests except large ones, so that a new instance does not have to grow its memory.
const HEAP_BYTES: u32 = 128 * 1024;
