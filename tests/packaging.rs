//! What a package installs beside the program, and what the program says of itself.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::harness::run;

fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_long_version_says_of_what_the_program_is_made_and_the_short_one_is_a_line() {
    let version = format!("portdesk {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(printed(&["-V"]), format!("{version}\n"));
    let long = printed(&["--version"]);
    let lines: Vec<&str> = long.lines().collect();
    let [first, commit, component, wasmtime] = lines[..] else { panic!("{long}") };
    assert_eq!(first, version);
    assert!(commit.starts_with("commit     "), "{long}");
    let digest = Sha256::digest(portdesk::host::BUILT_IN_COMPONENT);
    assert_eq!(component, format!("component  sha256:{}", data_encoding::HEXLOWER.encode(&digest)));
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock")).unwrap();
    let locked = lock.split_once("name = \"wasmtime\"\nversion = \"").unwrap().1.split_once('"').unwrap().0;
    assert_eq!(wasmtime, format!("wasmtime   {locked}"));
}
