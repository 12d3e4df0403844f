//! What tests and measurements need from outside of this tree: programs of other projects, and a DynamoDB-compatible
//! server.
//!
//! A program that is missing is installed into the folder `.tools` of the tree, in one exact version, because the tests
//! assert what it does. The first installation needs the network. A test fails if its program cannot be installed; no
//! test is skipped. libfaketime is an exception: any version serves, and some systems have none.

mod cargo;
mod debian;
mod npm;
mod dynamodb;
mod launched;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

pub use dynamodb::{Server, free_port};
pub use launched::{Launched, Prints};

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

/// libfaketime, a library that sets the clock for one process: that of Debian's package, in the tools folder; or why it
/// cannot be had.
pub fn faketime() -> Result<PathBuf, String> {
    debian::faketime()
}

/// jco, which runs components in Node. Node itself (20 or newer, with npm) has to be there.
pub fn jco() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| npm::provide("jco"))
}

/// The component of a store in JavaScript, from the `component.js` of its folder, as docs/stores.md says. Node as
/// above.
pub fn javascript_store(folder: &Path) -> Vec<u8> {
    let wasm = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    let mut componentize = Command::new(npm::provide("componentize-qjs"));
    componentize
        .args(["--sync", "--stub-wasi", "--opt-size", "--world", "store", "--wit"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit"))
        .arg("--js")
        .arg(folder.join("component.js"))
        .arg("--output")
        .arg(wasm.path());
    let made = componentize.output().expect("Node can be started");
    assert!(made.status.success(), "{componentize:?}: {}", String::from_utf8_lossy(&made.stderr));
    fs::read(wasm.path()).expect("what was written can be read")
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
