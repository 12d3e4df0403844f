//! Builds the components that only tests serve, and passes their paths to the tests: one that misbehaves, and one of another
//! domain.

use std::env;
use std::error::Error;
use std::path::Path;

use portdesk_components::Guest;

fn main() -> Result<(), Box<dyn Error>> {
    // The folder in which the host's build script built the desk: both have nearly all dependencies in common.
    let target_dir = env::var("DEP_PORTDESK_GUEST_TARGET_DIR")?;
    let hostile = Guest { package: "portdesk-hostile", folder: "tests/fixtures/hostile", library: "hostile" };
    println!("cargo::rustc-env=PORTDESK_HOSTILE_WASM={}", hostile.build(Path::new(&target_dir))?.display());
    let pens = Guest { package: "portdesk-pens", folder: "tests/fixtures/pens", library: "pens" };
    println!("cargo::rustc-env=PORTDESK_PENS_WASM={}", pens.build(Path::new(&target_dir))?.display());
    Ok(())
}
