//! Usage plans from outside: what a flood gets, what a quota gives however its host ends, what a refusal says.
//!
//! How buckets and windows behave at their edges is tested in the host, where the clock is.

mod burst;
mod keys;
mod kills;
mod parity;
mod shared;

use tempfile::TempDir;

use crate::harness::run;

/// A data folder in which all keys that name no plan have this one.
fn with_plan(flags: &[&str]) -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    printed(&[&["plan", "create", "default", "--replace", "--data-dir", folder][..], flags].concat());
    data
}

/// A plan that limits nothing but the quota.
fn with_quota(quota: &str) -> TempDir {
    with_plan(&["--rate", "100000", "--burst", "1000000", "--quota", quota])
}

/// What a command printed that must succeed.
fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
