//! Programs that npm installs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{folder, lock};

/// The path of a program that runs or builds components, which is installed if it is missing. Panics if that fails.
pub(crate) fn provide(name: &str) -> PathBuf {
    modules("node", PACKAGES).join(".bin").join(name)
}

/// The folder of the packages with which agents use MCP, which are installed if they are missing. Panics if that fails.
pub(crate) fn mcp() -> PathBuf {
    modules("mcp", MCP_PACKAGES)
}

/// The folder of the packages that drive a browser and judge a page, which are installed if they are missing. Panics if that fails.
pub(crate) fn browser() -> PathBuf {
    modules("browser", BROWSER_PACKAGES)
}

/// The folder `node_modules` with these packages.
fn modules(name: &str, packages: &str) -> PathBuf {
    let node = folder().join(name);
    fs::create_dir_all(&node).expect("a folder in .tools can be made");
    let _held = lock(&node, "npm");
    // This file is written last, so that an interrupted installation starts again.
    let installed = node.join("installed.json");
    if fs::read_to_string(&installed).unwrap_or_default() != packages {
        eprintln!("installing packages of npm into {}; this takes about a minute, once", node.display());
        fs::write(node.join("package.json"), packages).expect("a folder in .tools can be written");
        let mut npm = Command::new("npm");
        npm.current_dir(&node).args(["install", "--no-audit", "--no-fund", "--no-package-lock"]);
        let done = npm.status().expect("npm can be started: the tests need Node 20 or newer, with npm");
        assert!(
            done.success(),
            "tests use programs of npm, which could not be installed; see npm's error above, and check that this machine has \
             network access (needed the first time only); the command was {npm:?}"
        );
        fs::write(&installed, packages).expect("a folder in .tools can be written");
    }
    node.join("node_modules")
}

/// See [`crate::transpile`].
pub(crate) fn transpile(jco: &Path, component: &Path, folder: &Path) {
    let mut transpile = Command::new(jco);
    transpile.arg("transpile").arg(component).arg("-o").arg(folder);
    let output = transpile.output().unwrap_or_else(|error| panic!("{transpile:?}: {error}"));
    assert!(output.status.success(), "{transpile:?}: {}", String::from_utf8_lossy(&output.stderr));
    let modules = jco.ancestors().nth(2).expect("it lies in node_modules/.bin");
    std::os::unix::fs::symlink(modules, folder.join("node_modules")).expect("jco made the folder");
    fs::write(folder.join("package.json"), r#"{"type":"module"}"#).expect("jco made the folder");
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/node/server.mjs");
    fs::copy(server, folder.join("server.mjs")).expect("jco made the folder");
}

/// The tests need the same packages as the example, in exact versions. npm chooses the versions of their dependencies.
const PACKAGES: &str = include_str!("../../examples/store-js/package.json");

/// Exact versions, because the judges of a protocol change with it. The suite and the inspector need a newer Node than the tests.
const MCP_PACKAGES: &str = r#"{
  "private": true,
  "type": "module",
  "dependencies": {
    "@modelcontextprotocol/conformance": "0.2.0-alpha.12",
    "@modelcontextprotocol/inspector": "2.12.0",
    "@modelcontextprotocol/sdk": "1.32.2",
    "node": "22.23.3"
  }
}
"#;

/// Exact versions: the one speaks the protocol of a browser, and the other decides what is wrong with a page. Neither is shipped;
/// axe-core has the licence MPL-2.0.
const BROWSER_PACKAGES: &str = r#"{
  "private": true,
  "dependencies": {
    "axe-core": "4.14.1",
    "playwright-core": "1.65.1"
  }
}
"#;
