//! A nested cargo, which builds a component while another cargo builds a native program.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// The target of every component.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// `cargo build` of the library of one package, in a target folder of its own, because the outer cargo holds the lock of the
/// other one. One cargo builds one component: the features that one component needs of a dependency do not change another
/// component.
pub(crate) fn build(
    cargo: &OsString,
    root: &Path,
    package: &str,
    profile: &str,
    target_dir: &Path,
) -> Command {
    let mut command = Command::new(cargo);
    command
        .current_dir(root)
        .args(["build", "--locked", "--lib", "--target", TARGET, "--profile", profile, "--package", package])
        .env("CARGO_TARGET_DIR", target_dir);
    // The flags of the host's build do not apply to a guest; nor does clippy in the place of rustc.
    for variable in ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"]
    {
        command.env_remove(variable);
    }
    command
}
