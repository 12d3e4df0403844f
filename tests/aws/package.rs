//! Packages of functions.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use hyper::body::Bytes;

use crate::harness::compiled_component;

/// A package whose program ends at once.
pub fn uncalled() -> Bytes {
    packaged(|folder| std::fs::write(folder.join("bootstrap"), "#!/bin/sh\nexit 1\n").unwrap())
}

/// The package that `TEST_PACKAGE` names, as `.ci/long` does, or else a package of the tests' own build with the same entries: the
/// program and the component, which is compiled for every processor.
pub fn of_this_build() -> Bytes {
    static PACKAGE: OnceLock<Bytes> = OnceLock::new();
    let package = PACKAGE.get_or_init(|| match std::env::var_os("TEST_PACKAGE") {
        Some(file) => std::fs::read(file).unwrap().into(),
        None => packaged(|folder| {
            // Without the information for debuggers, which is larger than what a function may be.
            let mut strip = Command::new("strip");
            strip.arg("-o").arg(folder.join("bootstrap")).arg(env!("CARGO_BIN_EXE_portdesk-under-test"));
            assert!(strip.status().unwrap().success());
            std::fs::copy(compiled_component(), folder.join("desk.cwasm")).unwrap();
        }),
    });
    package.clone()
}

/// An archive of what is in the folder after `fill`. Lambda needs the right to run `bootstrap`.
fn packaged(fill: impl FnOnce(&Path)) -> Bytes {
    let (folder, archive) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fill(folder.path());
    let mut allowed = Command::new("chmod");
    assert!(allowed.arg("755").arg(folder.path().join("bootstrap")).status().unwrap().success());
    let entries = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let file = archive.path().join("package.zip");
    let mut zip = Command::new("python3");
    zip.current_dir(folder.path()).args(["-m", "zipfile", "--create"]).arg(&file).args(entries);
    assert!(zip.status().unwrap().success());
    std::fs::read(file).unwrap().into()
}
