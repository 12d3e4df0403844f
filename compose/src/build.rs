//! Builds a component, so that the same sources give the same bytes wherever they lie.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// The component of a package of this tree.
///
/// One cargo for each: what features a dependency has in one component is then no matter of the others.
pub fn component(package: &'static str) -> Result<Vec<u8>, Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = root.canonicalize().map_err(|error| Error::File(root, error))?;
    let target = root.join("target").join("components");
    let profile = if package == "portdesk-desk" { "guest" } else { "guest-small" };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(&cargo)
        .current_dir(&root)
        .args(["build", "--quiet", "--locked", "--lib", "--target", TARGET, "--profile", profile])
        .args(["--package", package])
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_ENCODED_RUSTFLAGS", remaps(&root))
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .status()
        .map_err(|error| Error::File(cargo.into(), error))?;
    if !built.success() {
        return Err(Error::Build(package));
    }
    let name = package.trim_start_matches("portdesk-").replace('-', "_");
    let file = target.join(TARGET).join(profile).join(name).with_extension("wasm");
    fs::read(&file).map_err(|error| Error::File(file, error))
}

/// Replaces the places of the sources, which stand in the texts of panics: of this tree, and of the packages that cargo
/// fetched, whose folder is named after the registry that they came from.
fn remaps(root: &Path) -> OsString {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let registries = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    let registries = registries.into_iter().flatten().flatten().map(|entry| (entry.path(), "/crates"));
    let mut flags = OsString::new();
    for (from, to) in registries.chain([(root.to_owned(), "/portdesk")]) {
        if !flags.is_empty() {
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
    }
    flags
}

const TARGET: &str = "wasm32-wasip2";
