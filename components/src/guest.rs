//! Builds a component of this workspace for a build script that embeds it.
//!
//! The build script adds the target if the toolchain lacks it, so that a new user needs no command but `cargo run`.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::nested_cargo::{self, TARGET};

/// A package of this workspace that is a component.
#[derive(Debug, Clone, Copy)]
pub struct Guest<'a> {
    /// Its name.
    pub package: &'a str,
    /// Where it lies, from the root of the workspace.
    pub folder: &'a str,
    /// The name of its library.
    pub library: &'a str,
}

impl Guest<'_> {
    /// Builds the component in `target_dir`, names its sources to the outer cargo, and returns the path of the component.
    ///
    /// Only build scripts of packages whose folder is in the root of the workspace can call this.
    pub fn build(&self, target_dir: &Path) -> Result<PathBuf, Box<dyn Error>> {
        let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..");
        provide_target()?;
        let cargo = env::var_os("CARGO").ok_or("cargo did not set CARGO")?;
        let built = nested_cargo::build(&cargo, &root, self.package, "guest", target_dir).status()?;
        if !built.success() {
            let folder = self.folder;
            return Err(format!("the component {folder} does not build; the messages above say why").into());
        }
        let wasm = target_dir.join(TARGET).join("guest").join(self.library).with_extension("wasm");
        self.watch(&root, &wasm)?;
        Ok(wasm)
    }

    /// Has cargo run this again when anything changes that the component was built from.
    fn watch(&self, root: &Path, wasm: &Path) -> Result<(), Box<dyn Error>> {
        for file in ["Cargo.toml", "Cargo.lock", ".cargo/config.toml", self.folder, "guest/runtime", "wit"] {
            println!("cargo::rerun-if-changed={}", root.join(file).display());
        }
        let dependencies = fs::read_to_string(wasm.with_extension("d"))?;
        let sources = dependencies.split_once(": ").map_or("", |(_, sources)| sources);
        // Spaces within a name are escaped; no name has a NUL.
        for source in sources.replace("\\ ", "\0").split_whitespace() {
            println!("cargo::rerun-if-changed={}", source.replace('\0', " "));
        }
        Ok(())
    }
}

/// Adds the target to the active toolchain. rustup does so by itself from rust-toolchain.toml, but not where
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
             add {TARGET}` yourself, or install the target with whatever manages your Rust toolchain, and try again"
        )
        .into()),
    }
}
