//! Packages of Python, each set in an environment of its own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{folder, lock};

/// The path of Python with clients of MCP, a validator of OpenAPI, and pytest.
pub(crate) fn python() -> PathBuf {
    environment("python", CLIENTS).join("bin/python")
}

/// The path of a program in the package of the same name.
pub(crate) fn program(package: &Package) -> PathBuf {
    environment(package.name, &format!("{}=={}\n", package.name, package.version))
        .join("bin")
        .join(package.name)
}

/// A package with a program. Each has an environment of its own, because they need different versions of the same packages.
pub(crate) struct Package {
    name: &'static str,
    version: &'static str,
}

pub(crate) const CFN_LINT: Package = Package { name: "cfn-lint", version: "1.58.0" };
pub(crate) const COMPONENTIZE_PY: Package = Package { name: "componentize-py", version: "0.25.1" };
pub(crate) const CHECKOV: Package = Package { name: "checkov", version: "3.3.30" };
pub(crate) const KUBERNETES_VALIDATE: Package = Package { name: "kubernetes-validate", version: "1.37.0" };
pub(crate) const MINISTACK: Package = Package { name: "ministack", version: "1.5.33" };

/// The folder of an environment with these packages, which is made if it is missing. Panics if that fails.
fn environment(name: &str, packages: &str) -> PathBuf {
    let root = folder().join(name);
    fs::create_dir_all(&root).expect("a folder in .tools can be made");
    let _held = lock(&root, "pip");
    let environment = root.join("environment");
    // This file is written last, so that an interrupted installation starts again.
    let installed = root.join("installed.txt");
    if fs::read_to_string(&installed).unwrap_or_default() != packages {
        eprintln!("installing packages of Python into {}; this takes minutes, once", root.display());
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        let requirements = root.join("requirements.txt");
        fs::write(&requirements, packages).expect("a folder in .tools can be written");
        run(Command::new(environment.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(&requirements));
        fs::write(&installed, packages).expect("a folder in .tools can be written");
    }
    environment
}

fn run(command: &mut Command) {
    let done = command.status().expect("Python 3.10 or newer can be started, with venv");
    assert!(
        done.success(),
        "tests use programs in Python, which could not be installed; see the error above, and check that this machine has network \
         access (needed the first time only); the command was {command:?}"
    );
}

const CLIENTS: &str = "fastmcp==4.2.3\nmcp==2.3.0\nopenapi-spec-validator==0.9.0\npytest==9.2.0\n";
