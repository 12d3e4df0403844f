//! Builds the components that the tests serve, and passes their paths to the tests.

use std::env;
use std::error::Error;
use std::path::Path;

use portdesk_components::Guest;

fn main() -> Result<(), Box<dyn Error>> {
    // The folder in which the host's build script built the desk: both have nearly all dependencies in common.
    let target_dir = env::var("DEP_PORTDESK_GUEST_TARGET_DIR")?;
    for (name, guest) in [
        (
            "HOSTILE",
            Guest { package: "portdesk-hostile", folder: "tests/fixtures/hostile", library: "hostile" },
        ),
        ("PENS", Guest { package: "portdesk-pens", folder: "tests/fixtures/pens", library: "pens" }),
        (
            "CURIOUS",
            Guest { package: "portdesk-curious", folder: "tests/fixtures/curious", library: "curious" },
        ),
        (
            "STOREROOM",
            Guest { package: "storeroom", folder: "examples/components/rust", library: "storeroom" },
        ),
    ] {
        println!("cargo::rustc-env=PORTDESK_{name}_WASM={}", guest.build(Path::new(&target_dir))?.display());
    }
    Ok(())
}
