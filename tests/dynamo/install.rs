//! Puts the server into the tools folder of the tree, once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// One exact version: the tests assert what it does.
const VERSION: &str = "3.2.0";

/// The server's program: the one that `PORTDESK_DYNOXIDE` names, for measurements with an optimized one, or else that in
/// the tools folder, installed where it is missing. Panics where it cannot be.
pub(crate) fn server() -> &'static Path {
    static SERVER: OnceLock<PathBuf> = OnceLock::new();
    SERVER.get_or_init(|| {
        if let Some(named) = std::env::var_os("PORTDESK_DYNOXIDE") {
            return named.into();
        }
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools");
        fs::create_dir_all(&tools).expect("the folder .tools can be made");
        let tools = tools.canonicalize().expect("the folder .tools has a path");
        // Test binaries run at once; one installs, the others wait.
        let lock = File::create(tools.join("dynoxide.lock")).expect("the folder .tools can be written");
        lock.lock().expect("a file in .tools can be locked");
        if !is_installed(&tools) {
            install(&tools);
        }
        tools.join("bin").join("dynoxide")
    })
}

/// What cargo notes beside the programs that it installed.
fn is_installed(tools: &Path) -> bool {
    let notes = fs::read_to_string(tools.join(".crates.toml")).unwrap_or_default();
    notes.contains(&format!("\"dynoxide-rs {VERSION} "))
}

fn install(tools: &Path) {
    eprintln!("installing dynoxide {VERSION} into {}; this takes about a minute, once", tools.display());
    let build = tools.join("build");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["install", "dynoxide-rs", "--version", VERSION, "--locked", "--debug", "--root"])
        .arg(tools)
        .args(["--no-default-features", "--features", "native-sqlite,http-server,cli"])
        .env("CARGO_TARGET_DIR", &build);
    // What is set for the build of the tests is not meant for this one.
    for variable in ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"]
    {
        cargo.env_remove(variable);
    }
    let installed = cargo.status().expect("cargo can be started");
    assert!(
        installed.success(),
        "the DynamoDB store is tested against dynoxide {VERSION}, which could not be installed: cargo says above \
         why. It is fetched from crates.io, the first time only; the command was {cargo:?}"
    );
    let _ = fs::remove_dir_all(build);
}
