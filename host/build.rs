//! Builds the component that the host serves by default, and embeds it.

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use portdesk_components::Guest;

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error={error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    // A folder of its own: the outer cargo holds the lock of the other one.
    let target_dir = PathBuf::from(env::var("OUT_DIR")?).join("guest");
    let desk = Guest { package: "portdesk-desk", folder: "guest/desk", library: "desk" };
    println!("cargo::rustc-env=PORTDESK_DESK_WASM={}", desk.build(&target_dir)?.display());
    // The code of `portdesk compile --portable` is for this target.
    println!("cargo::rustc-env=PORTDESK_TARGET={}", env::var("TARGET")?);
    // For the build scripts of packages that use the host: what is compiled here need not be compiled there again.
    println!("cargo::metadata=GUEST_TARGET_DIR={}", target_dir.display());
    Ok(())
}
