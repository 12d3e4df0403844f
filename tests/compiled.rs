//! Components that are compiled before a host starts: the file that a host keeps in its data folder, and the file of
//! `portdesk compile`.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::harness::{COMPILED_COMPONENT as KEPT, Process, run, serve};

#[tokio::test(flavor = "multi_thread")]
async fn a_host_compiles_once_and_serves_what_it_kept() {
    let data = tempfile::tempdir().unwrap();
    assert!(started(data.path(), &[]).await.contains("cached the compiled component"));
    let kept = fs::read(data.path().join(KEPT)).unwrap();
    assert_eq!(started(data.path(), &[]).await.matches("compiled component").count(), 0);
    assert_eq!(fs::read(data.path().join(KEPT)).unwrap(), kept);
    assert_eq!(fs::metadata(data.path().join(KEPT)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_is_compiled_anew_where_it_cannot_be_trusted() {
    let data = tempfile::tempdir().unwrap();
    started(data.path(), &[]).await;
    let file = data.path().join(KEPT);
    let mut damaged = fs::read(&file).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&file, damaged).unwrap();
    assert!(started(data.path(), &[]).await.contains("the file is damaged"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(started(data.path(), &[]).await.contains("another user may have written here"));
    assert_eq!(started(data.path(), &[]).await.matches("compiled component").count(), 0, "mended by then");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compiled_file_is_served_and_describes_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("desk.cwasm");
    let path = file.to_str().unwrap();
    assert_eq!(run(&["compile", path]).status.code(), Some(0));
    assert_eq!(run(&["openapi", "--component", path]).stdout, run(&["openapi"]).stdout);
    let data = tempfile::tempdir().unwrap();
    started(data.path(), &["--component", path]).await;
    assert!(!data.path().join(KEPT).exists());

    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let refused = run(&["openapi", "--component", path]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains(path) && said.contains("another user"), "{said}");
}

/// Runs a host for one request, and returns its log.
async fn started(data: &Path, flags: &[&str]) -> String {
    let log = data.join("log");
    let mut command = serve(data, &["--log-level", "debug", "--store", "memory", "--drain-ms", "0"]);
    let host = Process::spawn_bare(command.args(flags).stderr(File::create(&log).unwrap()));
    host.client().get("/tickets?caller=ada").await.expect(200);
    assert_eq!(host.end("TERM").0, Some(0));
    fs::read_to_string(&log).unwrap()
}
