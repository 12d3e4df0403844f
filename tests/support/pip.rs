//! Packages of Python, in an environment of their own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{folder, lock};

/// The path of Python in an environment with the packages below, which is made if it is missing. Panics if that fails.
pub(crate) fn python() -> PathBuf {
    let root = folder().join("python");
    fs::create_dir_all(&root).expect("the folder .tools/python can be made");
    let _held = lock(&root, "pip");
    let python = root.join("environment/bin/python");
    // This file is written last, so that an interrupted installation starts again.
    let installed = root.join("installed.txt");
    if fs::read_to_string(&installed).unwrap_or_default() != PACKAGES {
        eprintln!("installing clients of MCP into {}; this takes about a minute, once", root.display());
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(root.join("environment")));
        let requirements = root.join("requirements.txt");
        fs::write(&requirements, PACKAGES).expect("the folder .tools/python can be written");
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(&requirements));
        fs::write(&installed, PACKAGES).expect("the folder .tools/python can be written");
    }
    python
}

fn run(command: &mut Command) {
    let done = command.status().expect("Python 3.10 or newer can be started, with venv");
    assert!(
        done.success(),
        "tests use clients in Python, which could not be installed; see the error above, and check that this machine has network \
         access (needed the first time only); the command was {command:?}"
    );
}

const PACKAGES: &str = "fastmcp==4.2.3\nmcp==2.3.0\nopenapi-spec-validator==0.9.0\n";
