//! Builds a component of this repository for a build script that embeds it.
//!
//! If the toolchain lacks the target, the build script adds it, so that `cargo run` is the only command for a new user.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::nested_cargo::{self, TARGET};

/// A component, and how cargo builds it.
#[derive(Debug, Clone, Copy)]
pub struct Guest<'a> {
    /// The path of the package from the root of the repository.
    pub folder: &'a str,
    /// What cargo builds of the package: `--lib`, or an example with its features.
    pub target: &'a [&'a str],
    /// The profile of the build.
    pub profile: &'a str,
    /// The path of the component from the folder in which cargo puts what it builds with that profile.
    pub file: &'a str,
}

impl Guest<'_> {
    /// Builds the component in `target_dir`, passes the list of its sources to the outer cargo, and returns the path of the
    /// component.
    ///
    /// The folder of the calling package must be in the root of the repository.
    pub fn build(&self, target_dir: &Path) -> Result<PathBuf, Box<dyn Error>> {
        let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..");
        provide_target()?;
        let cargo = env::var_os("CARGO").ok_or("cargo did not set CARGO")?;
        let Guest { folder, target, profile, file } = self;
        let built =
            nested_cargo::build(&cargo, &root.join(folder), profile, target_dir).args(*target).status()?;
        if !built.success() {
            return Err(format!("the component {folder} does not build; the messages above say why").into());
        }
        let wasm = target_dir.join(TARGET).join(profile).join(file);
        self.watch(&root, &wasm)?;
        Ok(wasm)
    }

    /// Makes cargo run the build script again if a source of the component changes.
    fn watch(&self, root: &Path, wasm: &Path) -> Result<(), Box<dyn Error>> {
        for file in ["Cargo.toml", "Cargo.lock", ".cargo/config.toml", self.folder, "guest/runtime", "wit"] {
            println!("cargo::rerun-if-changed={}", root.join(file).display());
        }
        let dependencies = fs::read_to_string(wasm.with_extension("d"))?;
        let sources = dependencies.split_once(": ").map_or("", |(_, sources)| sources);
        // Spaces within a path are escaped. No path contains a NUL.
        for source in sources.replace("\\ ", "\0").split_whitespace() {
            println!("cargo::rerun-if-changed={}", source.replace('\0', " "));
        }
        Ok(())
    }
}

/// Adds the target to the active toolchain. rustup itself adds the target that rust-toolchain.toml names, except if
/// `RUSTUP_AUTO_INSTALL=0` is set.
fn provide_target() -> Result<(), Box<dyn Error>> {
    let printed =
        Command::new(env::var("RUSTC")?).args(["--print", "target-libdir", "--target", TARGET]).output()?;
    if Path::new(String::from_utf8(printed.stdout)?.trim()).is_dir() {
        return Ok(());
    }
    println!("cargo::warning=the target {TARGET} is missing; adding it with `rustup target add {TARGET}`");
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]);
    if let Ok(toolchain) = env::var("RUSTUP_TOOLCHAIN") {
        rustup.args(["--toolchain", &toolchain]);
    }
    match rustup.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) | Err(_) => Err(format!(
            "the Rust target {TARGET} is needed to build the component and could not be added; run `rustup target \
             add {TARGET}` yourself, or install the target with the tool that manages your Rust toolchain, and try again"
        )
        .into()),
    }
}
