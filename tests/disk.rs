//! Disks that take no writes: a host refuses to start or refuses writes, and goes on when the disk takes writes again.
//!
//! The limit of a process on the size of its files stands in for a full disk: the limit needs no rights, and the test can raise
//! it while the host runs. A write stops in the middle at the limit, as it does on a full disk.

#[cfg(target_os = "linux")]
mod full;
mod unwritable;

use std::path::Path;
use std::process::{Command, Output};

use crate::harness::{Process, serve, until_ready};

/// Tries to serve from a folder, which must fail. Returns the error of the program.
fn refusal(data: &Path, prepare: impl FnOnce(&mut Command)) -> String {
    let mut command = serve(data, &["--log-level", "error"]);
    prepare(&mut command);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.as_slice()), (Some(1), &b""[..]), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

/// The test removes the folder. From then on the host acknowledges no write, and is not ready.
#[tokio::test]
async fn a_host_whose_folder_is_removed_acknowledges_nothing() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("data");
    let host = Process::start(&folder, &[]);
    let ticket = serde_json::json!({ "caller_id": "ada", "issue_description": "No ink." });
    host.client().post("/tickets", &ticket).await.expect(201);
    until_ready(&host.url, 200).await;
    std::fs::remove_dir_all(&folder).unwrap();
    for _ in 0..3 {
        let refused = host.client().post("/tickets", &ticket).await.expect(503).json();
        assert_eq!(refused.get("outcome"), None, "{refused}");
    }
    until_ready(&host.url, 503).await;
}
