//! A data folder that a host may not write: the host does not start, and its error names the file.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;

use tempfile::TempDir;

use super::refusal;
use crate::harness::{Process, until_ready};

/// A folder that a host has used, with its five files.
async fn used() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let host = Process::start(data.path(), &[]);
    host.client().create("ada", "No ink.").await;
    until_ready(&host.url, 200).await;
    assert_eq!(host.end("TERM").0, Some(0));
    data
}

/// Root may write everything, so the test starts the host as another user if it runs as root.
fn as_somebody(command: &mut std::process::Command) {
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_host_does_not_start_over_files_that_it_may_only_read() {
    let data = used().await;
    for name in ["store.sqlite3", "store.sqlite3-wal", "store.sqlite3-shm", "usage", "lock", ""] {
        let path = data.path().join(name);
        set_mode(data.path(), 0o777);
        for file in fs::read_dir(data.path()).unwrap() {
            set_mode(&file.unwrap().path(), 0o666);
        }
        set_mode(&path, if name.is_empty() { 0o555 } else { 0o444 });
        let said = refusal(data.path(), as_somebody);
        let shown = fs::canonicalize(&path).unwrap();
        assert!(
            said.contains(&format!("cannot use {}: Permission denied", shown.display())),
            "{name}: {said}"
        );
        assert!(said.contains("give it to the user of this process"), "{name}: {said}");
    }
    set_mode(data.path(), 0o700);
}

#[tokio::test]
async fn a_host_does_not_start_where_something_else_is_in_the_place_of_a_file() {
    let data = used().await;
    for name in ["store.sqlite3", "store.sqlite3-wal", "store.sqlite3-shm", "usage", "lock"] {
        let path = data.path().join(name);
        fs::remove_file(&path).unwrap();
        let shown = fs::canonicalize(data.path()).unwrap().join(name);
        let expect = |what: &str| {
            let said = refusal(data.path(), |_| {});
            assert!(
                said.contains(&format!("cannot use {}: {what}; move it out of the way", shown.display())),
                "{said}"
            );
        };
        fs::create_dir(&path).unwrap();
        expect("it is a folder");
        fs::remove_dir(&path).unwrap();
        symlink("nowhere", &path).unwrap();
        expect("it is a link that leads to no file");
        fs::remove_file(&path).unwrap();
        // Opening a pipe waits until another process opens its other end.
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        expect("it is not a plain file");
        fs::remove_file(&path).unwrap();
    }
}

#[tokio::test]
async fn what_is_in_the_place_of_the_data_folder_is_said() {
    let outside = tempfile::tempdir().unwrap();
    let (file, link) = (outside.path().join("file"), outside.path().join("link"));
    fs::write(&file, "").unwrap();
    symlink("nowhere", &link).unwrap();
    let said = refusal(&file, |_| {});
    assert!(said.contains(&format!("{} is not a folder but a file", file.display())), "{said}");
    let said = refusal(&link, |_| {});
    assert!(said.contains("is a link to nowhere, which does not exist"), "{said}");
}

/// The user with the fewest rights on many systems. The user need not exist.
const NOBODY: u32 = 65_534;
