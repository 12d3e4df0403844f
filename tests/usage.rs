//! Usage plans from outside: rates, quotas over all ways in which a host ends, and refusals.
//!
//! Unit tests in the host cover the edges of buckets and windows, because they control the clock.

mod burst;
mod keys;
mod kills;
mod parity;
mod shared;

use tempfile::TempDir;

use crate::harness::run;

/// A data folder whose default plan has these limits.
fn with_plan(flags: &[&str]) -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    printed(&[&["plan", "create", "default", "--replace", "--data-dir", folder][..], flags].concat());
    data
}

/// A data folder whose default plan limits only the quota.
fn with_quota(quota: &str) -> TempDir {
    with_plan(&["--rate", "100000", "--burst", "1000000", "--quota", quota])
}

/// Runs a command, which must succeed. Returns its output.
fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
