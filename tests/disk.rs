//! Disks that take nothing, or no more: a host says so at its start, refuses writes while it lasts, and goes on afterwards.
//!
//! The limit of a process on the size of its files stands in for a full disk: it needs no rights, and it can be raised
//! while the host runs. A write meets it in the middle, as it does a full disk.

#[cfg(target_os = "linux")]
mod full;
mod unwritable;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use reqwest::StatusCode;

use crate::harness::{Process, portdesk};

/// Tries to serve from a folder, which must fail, and gives what is said.
fn refusal(data: &Path, prepare: impl FnOnce(&mut Command)) -> String {
    let mut command = portdesk(&["--listen", "127.0.0.1:0", "--log-level", "error"]);
    command.arg("--data-dir").arg(data);
    prepare(&mut command);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.as_slice()), (Some(1), &b""[..]), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

/// Waits until `/readyz` says this; panics where it takes ten seconds.
async fn until_ready(url: &str, status: StatusCode) {
    let url = format!("{url}/readyz");
    let asked = async { while reqwest::get(&url).await.unwrap().status() != status {} };
    let waited = tokio::time::timeout(Duration::from_secs(10), asked).await;
    waited.unwrap_or_else(|_| panic!("/readyz is not {status} within ten seconds"));
}

/// The folder is taken away; what is written from then on is not acknowledged, and the host says that it is not ready.
#[tokio::test]
async fn a_host_whose_folder_is_removed_acknowledges_nothing() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("data");
    let host = Process::start(&folder, &[]);
    let ticket = serde_json::json!({ "caller_id": "ada", "issue_description": "No ink." });
    host.client().post("/tickets", &ticket).await.expect(201);
    until_ready(&host.url, StatusCode::OK).await;
    std::fs::remove_dir_all(&folder).unwrap();
    for _ in 0..3 {
        let refused = host.client().post("/tickets", &ticket).await.expect(503).json();
        assert_eq!(refused.get("outcome"), None, "{refused}");
    }
    until_ready(&host.url, StatusCode::SERVICE_UNAVAILABLE).await;
}
