//! Programs that npm installs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{folder, lock};

/// The path of a program of the packages below, which are installed if they are missing. Panics if that fails.
pub(crate) fn provide(name: &str) -> PathBuf {
    let node = folder().join("node");
    fs::create_dir_all(&node).expect("the folder .tools/node can be made");
    let _held = lock(&node, "npm");
    // This file is written last, so that an interrupted installation starts again.
    let installed = node.join("installed.json");
    if fs::read_to_string(&installed).unwrap_or_default() != PACKAGES {
        eprintln!(
            "installing jco and componentize-qjs into {}; this takes about a minute, once",
            node.display()
        );
        fs::write(node.join("package.json"), PACKAGES).expect("the folder .tools/node can be written");
        let mut npm = Command::new("npm");
        npm.current_dir(&node).args(["install", "--no-audit", "--no-fund", "--no-package-lock"]);
        let done = npm.status().expect("npm can be started: the tests need Node 20 or newer, with npm");
        assert!(
            done.success(),
            "tests run components in Node and build one from JavaScript, but the programs for that could not be installed; \
             see npm's error above, and check that this machine has network access (needed the first time only); the \
             command was {npm:?}"
        );
        fs::write(&installed, PACKAGES).expect("the folder .tools/node can be written");
    }
    node.join("node_modules/.bin").join(name)
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
