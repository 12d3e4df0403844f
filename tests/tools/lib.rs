//! Programs of others that the tests run against, installed into the tools folder of the tree where they are missing.
//!
//! Each in one exact version: the tests assert what it does. The first time needs the network; a test whose program
//! cannot be had fails, it is never skipped.

mod cargo;
mod npm;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The server of DynamoDB's protocol, `dynoxide`: the one that `PORTDESK_DYNOXIDE` names, for measurements with an
/// optimized one, or else that in the tools folder.
pub fn dynoxide() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match std::env::var_os("PORTDESK_DYNOXIDE") {
        Some(named) => named.into(),
        None => cargo::DYNOXIDE.provide(),
    })
}

/// wasmtime's own command line.
pub fn wasmtime() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| cargo::WASMTIME.provide())
}

/// The same, optimized: for measurements.
pub fn optimized_wasmtime() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| cargo::WASMTIME.provide_optimized())
}

/// jco, which runs components in Node. Node itself (20 or newer, with npm) has to be there.
pub fn jco() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(npm::jco)
}

/// Makes a folder with what jco makes of a component, beside the server of `deploy/node`: `node server.mjs` runs it.
/// Panics where it cannot be made.
pub fn transpile(component: &Path, folder: &Path) {
    npm::transpile(jco(), component, folder);
}

/// The tools folder, made where it is missing.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools");
    fs::create_dir_all(&folder).expect("the folder .tools can be made");
    folder.canonicalize().expect("the folder .tools has a path")
}

/// Held while something is looked for and installed: test binaries run at once; one installs, the others wait.
fn lock(folder: &Path, name: &str) -> File {
    let lock = File::create(folder.join(format!("{name}.lock"))).expect("the folder .tools can be written");
    lock.lock().expect("a file in .tools can be locked");
    lock
}
