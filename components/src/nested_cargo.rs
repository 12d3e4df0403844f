//! A nested cargo, which builds a component while another cargo builds a native program.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// The target of all components.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Returns a `cargo build` of the package in `folder`, to which the caller adds what to build of it. It has a target folder of
/// its own, because the outer cargo holds the lock of the usual one. Each component has a cargo of its own, because cargo would
/// unite the features that two components need of one dependency.
pub(crate) fn build(cargo: &OsString, folder: &Path, profile: &str, target_dir: &Path) -> Command {
    let mut command = Command::new(cargo);
    command
        .current_dir(folder)
        .args(["build", "--locked", "--target", TARGET, "--profile", profile])
        .env("CARGO_TARGET_DIR", target_dir);
    // The flags of the host's build do not apply to a guest, and clippy must not take the place of rustc.
    for variable in ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"]
    {
        command.env_remove(variable);
    }
    command
}
