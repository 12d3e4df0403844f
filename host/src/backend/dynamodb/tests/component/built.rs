//! Builds the component, once for all tests of a process; cargo knows whether there is anything to do.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The component's file. Panics where it does not build.
pub(super) fn component() -> &'static Path {
    static COMPONENT: OnceLock<PathBuf> = OnceLock::new();
    COMPONENT.get_or_init(build)
}

fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // A folder of its own: whoever runs the tests may hold the lock of the other one.
    let target_dir = root.join("target").join("components");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(&root)
        .args(["build", "--quiet", "--locked", "--package", "portdesk-store-dynamodb"])
        .args(["--target", TARGET, "--profile", "guest"])
        .env("CARGO_TARGET_DIR", &target_dir);
    for variable in ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"]
    {
        cargo.env_remove(variable);
    }
    assert!(cargo.status().unwrap().success(), "guest/store-dynamodb does not build: cargo says above why");
    target_dir.join(TARGET).join("guest").join("store_dynamodb.wasm")
}

const TARGET: &str = "wasm32-wasip2";
