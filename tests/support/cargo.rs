//! Programs that cargo installs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{folder, lock};

/// A program of a published crate.
pub(crate) struct Program {
    name: &'static str,
    package: &'static str,
    version: &'static str,
    features: &'static str,
    /// Settings of cargo for this build.
    settings: &'static [&'static str],
}

pub(crate) const DYNOXIDE: Program = Program {
    name: "dynoxide",
    package: "dynoxide-rs",
    version: "3.2.0",
    features: "native-sqlite,http-server,cli",
    settings: &[],
};

/// `wasmtime serve`. For tests, only the crates that compile components are optimized.
pub(crate) const WASMTIME: Program = Program {
    name: "wasmtime",
    package: "wasmtime-cli",
    version: "48.0.8",
    features: "run,serve,component-model,component-model-async,cranelift,parallel-compilation,pooling-allocator",
    settings: &[
        "profile.dev.debug=false",
        "profile.dev.debug-assertions=false",
        "profile.dev.overflow-checks=false",
        "profile.dev.package.cranelift-codegen.opt-level=1",
        "profile.dev.package.regalloc2.opt-level=1",
        "profile.dev.package.wasmparser.opt-level=1",
    ],
};

impl Program {
    /// The path of the program, which is installed if it is missing. Panics if that fails.
    pub(crate) fn provide(&self) -> PathBuf {
        self.provide_in(folder(), &["--debug"])
    }

    /// The path of the optimized program, which is installed if it is missing. Panics if that fails.
    pub(crate) fn provide_optimized(&self) -> PathBuf {
        let tools = folder().join("optimized");
        fs::create_dir_all(&tools).expect("the folder .tools/optimized can be made");
        self.provide_in(tools, &[])
    }

    fn provide_in(&self, tools: PathBuf, profile: &[&str]) -> PathBuf {
        let _held = lock(&tools, self.name);
        if !self.is_installed(&tools) {
            self.install(&tools, profile);
        }
        tools.join("bin").join(self.name)
    }

    /// Reads the list of installed programs that cargo keeps.
    fn is_installed(&self, tools: &Path) -> bool {
        let notes = fs::read_to_string(tools.join(".crates.toml")).unwrap_or_default();
        notes.contains(&format!("\"{} {} ", self.package, self.version))
            && tools.join("bin").join(self.name).exists()
    }

    fn install(&self, tools: &Path, profile: &[&str]) {
        let Program { name, package, version, features, settings } = self;
        eprintln!("installing {name} {version} into {}; this takes some minutes, once", tools.display());
        let build = tools.join(format!("build-{name}"));
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args(["install", package, "--version", version, "--locked"])
            .args(profile)
            .arg("--root")
            .arg(tools)
            .args(["--no-default-features", "--features", features])
            .env("CARGO_TARGET_DIR", &build);
        for setting in *settings {
            cargo.args(["--config", setting]);
        }
        // These variables may be set for the build of the tests.
        for variable in
            ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"]
        {
            cargo.env_remove(variable);
        }
        let installed = cargo.status().expect("cargo can be started");
        assert!(
            installed.success(),
            "tests run against {name} {version}, which could not be installed; see cargo's error above, and check that \
             this machine has network access (needed the first time only); the command was {cargo:?}"
        );
        let _ = fs::remove_dir_all(build);
    }
}
