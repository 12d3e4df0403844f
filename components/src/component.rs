//! Builds a component for other platforms. The same sources give the same bytes, whatever folder they are in.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::nested_cargo::{self, TARGET};

/// Builds the component of a package of this workspace and returns its bytes.
pub fn component(package: &'static str) -> Result<Vec<u8>, Error> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = root.canonicalize().map_err(|error| Error::File(root, error))?;
    let target = root.join("target").join("components");
    let profile = if package == "portdesk-desk" { "guest" } else { "guest-small" };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = nested_cargo::build(&cargo, &root, profile, &target)
        .args(["--quiet", "--lib", "--package", package])
        .env("CARGO_ENCODED_RUSTFLAGS", remaps(&root))
        .status()
        .map_err(|error| Error::File(cargo.into(), error))?;
    if !built.success() {
        return Err(Error::Build(package));
    }
    let name = package.trim_start_matches("portdesk-").replace('-', "_");
    let file = target.join(TARGET).join(profile).join(name).with_extension("wasm");
    fs::read(&file).map_err(|error| Error::File(file, error))
}

/// Returns the flags that replace paths in panic texts: the path of this workspace, and the folders of downloaded packages.
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
