//! Programs of other projects that tests and measurements need, a DynamoDB-compatible server, and one that speaks all of AWS.
//!
//! A missing program is installed into the folder `.tools` of the tree, in one exact version, because the tests depend on what it
//! does. The first installation needs the network. A test fails if its program cannot be installed; no test is skipped.
//! libfaketime is an exception: any version works, and some systems have none.

mod cargo;
mod debian;
mod npm;
mod pip;
mod dynamodb;
mod launched;
mod ministack;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

pub use dynamodb::{Server, free_port};
pub use launched::{Launched, Prints};
pub use ministack::{Ministack, aws_python};

/// The path of `dynoxide`, a server of DynamoDB's protocol: the value of `PORTDESK_DYNOXIDE`, for measurements with an optimized
/// build, or else the program in the tools folder.
pub fn dynoxide() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match std::env::var_os("PORTDESK_DYNOXIDE") {
        Some(named) => named.into(),
        None => cargo::DYNOXIDE.provide(),
    })
}

/// The path of the program `wasmtime`.
pub fn wasmtime() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| cargo::WASMTIME.provide())
}

/// The path of an optimized `wasmtime`, for measurements.
pub fn optimized_wasmtime() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| cargo::WASMTIME.provide_optimized())
}

/// The path of libfaketime, a library that sets the clock of one process, from Debian's package. Fails with the reason.
pub fn faketime() -> Result<PathBuf, String> {
    debian::faketime()
}

/// The path of jco, which runs components in Node. Node itself (20 or newer, with npm) must be installed.
pub fn jco() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| npm::provide("jco"))
}

/// The folder of the packages that drive a browser and judge a page. Node 20 or newer, with npm, must be installed.
pub fn browser_packages() -> PathBuf {
    npm::browser()
}

/// The path of Chromium: the value of `PORTDESK_CHROMIUM`, or an installed Chromium, or Debian's, which is installed if root runs the
/// tests. Panics with what to do if there is none.
pub fn chromium() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| std::env::var_os("PORTDESK_CHROMIUM").map_or_else(debian::chromium, Into::into))
}

/// The path of Python with clients of MCP, a validator of OpenAPI, and pytest. Python 3.10 or newer must be installed, with venv.
pub fn python() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(pip::python)
}

/// The path of `cfn-lint`, which compares templates of CloudFormation with the schemas of AWS.
pub fn cfn_lint() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| pip::program(&pip::CFN_LINT))
}

/// The path of `checkov`, which looks for risks in templates.
pub fn checkov() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| pip::program(&pip::CHECKOV))
}

/// The path of `kubernetes-validate`, which compares manifests with the schemas of Kubernetes that it brings.
pub fn kubernetes_validate() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| pip::program(&pip::KUBERNETES_VALIDATE))
}

/// The path of Node 22, which the judges of MCP need.
pub fn node22() -> PathBuf {
    npm::mcp().join(".bin/node")
}

/// The path of a script that judges or uses MCP: `conformance` or `mcp-inspector`.
pub fn mcp_program(name: &str) -> PathBuf {
    npm::mcp().join(".bin").join(name).canonicalize().expect("the package has this program")
}

/// A copy of a script beside the packages that it imports.
pub fn mcp_script(script: &Path) -> PathBuf {
    let copy = npm::mcp().with_file_name(script.file_name().expect("a script has a name"));
    fs::copy(script, &copy).expect("a folder in .tools can be written");
    copy
}

/// Builds the component of a store in JavaScript from the `component.js` of its folder, as docs/stores.md describes. Needs Node.
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

/// Builds `storeroom.wasm` in a copy of `examples/components/javascript`, as docs/components.md describes. Needs Node.
pub fn build_in_javascript(folder: &Path) {
    let modules = npm::provide("componentize-qjs").ancestors().nth(2).map(Path::to_owned);
    let modules = modules.expect("it lies in node_modules/.bin");
    std::os::unix::fs::symlink(modules, folder.join("node_modules")).expect("the folder is a fresh copy");
    run(Command::new("npm").args(["run", "build"]).current_dir(folder));
}

/// Builds `storeroom.wasm` in a copy of `examples/components/python`, as docs/components.md describes.
pub fn build_in_python(folder: &Path) {
    fs::copy(folder.join("../openapi.yaml"), folder.join("openapi.yaml"))
        .expect("the contract lies beside the folder");
    run(Command::new(pip::program(&pip::COMPONENTIZE_PY))
        .args(["-d", "../../../wit", "-w", "desk", "componentize", "component", "-o", "storeroom.wasm"])
        .current_dir(folder));
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Transpiles a component by jco into a folder, and adds the server of `deploy/node`: `node server.mjs` serves it. Panics if that
/// fails.
pub fn transpile(component: &Path, folder: &Path) {
    npm::transpile(jco(), component, folder);
}

/// The tools folder, which is created if it is missing.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools");
    fs::create_dir_all(&folder).expect("the folder .tools can be made");
    folder.canonicalize().expect("the folder .tools has a path")
}

/// A lock for the time in which a program is looked for and installed, because several test binaries run at the same time.
fn lock(folder: &Path, name: &str) -> File {
    let lock = File::create(folder.join(format!("{name}.lock"))).expect("the folder .tools can be written");
    lock.lock().expect("a file in .tools can be locked");
    lock
}
