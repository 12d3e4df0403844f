//! Builds the components that the tests serve, and passes their paths to the tests.

use std::env;
use std::error::Error;
use std::path::Path;

use portdesk_components::Guest;

fn main() -> Result<(), Box<dyn Error>> {
    // The folder in which the host's build script built the desk: both have nearly all dependencies in common.
    let target_dir = env::var("DEP_PORTDESK_GUEST_TARGET_DIR")?;
    let storeroom = Guest {
        folder: "examples/components/rust",
        target: &["--lib"],
        profile: "release",
        file: "storeroom.wasm",
    };
    for (name, guest) in [
        ("HOSTILE", fixture(&["--example", "hostile", "--features", "no-std"], "examples/hostile.wasm")),
        ("PENS", fixture(&["--example", "pens", "--features", "no-std"], "examples/pens.wasm")),
        ("CURIOUS", fixture(&["--example", "curious", "--features", "std"], "examples/curious.wasm")),
        ("STOREROOM", storeroom),
    ] {
        println!("cargo::rustc-env=PORTDESK_{name}_WASM={}", guest.build(Path::new(&target_dir))?.display());
    }
    Ok(())
}

/// A component of `tests/fixtures`.
fn fixture<'a>(target: &'a [&'a str], file: &'a str) -> Guest<'a> {
    Guest { folder: "tests/fixtures", target, profile: "guest", file }
}
