//! Commands that cannot print: a command exits with 1 and an error, and does not keep a key that it did not print.

use std::fs;
use std::process::{Output, Stdio};

use portdesk_test_support::Server;
use tempfile::TempDir;

use super::streams;
use crate::harness::{portdesk, run};

/// A data folder with one key, and the id of that key.
fn with_key() -> (TempDir, String) {
    let data = tempfile::tempdir().unwrap();
    let made = run(&["key", "create", "agent", "--data-dir", data.path().to_str().unwrap()]);
    let secret = String::from_utf8(made.stdout).unwrap();
    (data, secret["portdesk_".len()..][..8].to_owned())
}

fn file(data: &TempDir) -> String {
    fs::read_to_string(data.path().join("keys.json")).unwrap()
}

fn with_stdout(arguments: &[&str], stdout: impl Into<Stdio>) -> Output {
    portdesk(arguments).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap()
}

#[track_caller]
fn assert_failed(output: &Output, arguments: &[&str]) {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    assert!(said.contains("standard output"), "{arguments:?}: {said}");
    assert!(!said.contains("panicked"), "{arguments:?}: {said}");
}

#[test]
fn a_command_that_cannot_print_fails_with_a_sentence() {
    let (data, id) = with_key();
    let folder = data.path().to_str().unwrap();
    let compiled = data.path().join("desk.cwasm");
    let server = Server::start();
    let table = ["--table", "desk", "--endpoint-url", &server.endpoint];
    let component = data.path().join("desk.wasm");
    fs::write(&component, portdesk::host::BUILT_IN_COMPONENT).unwrap();
    let policy = ["--table", "desk", "--region", "eu-west-1", "--account", "123456789012"];
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["key", "--help"],
        &["openapi"],
        &["check", component.to_str().unwrap()],
        &["compile", compiled.to_str().unwrap()],
        &["key", "list", "--data-dir", folder],
        &["key", "attach", &id, "--plan", "default", "--data-dir", folder],
        &["plan", "create", "slow", "--data-dir", folder],
        &["plan", "list", "--data-dir", folder],
        &["plan", "delete", "slow", "--data-dir", folder],
        &[&["table", "policy"], &policy[..]].concat(),
        &[&["table", "create"], &table[..]].concat(),
        &[&["table", "check"], &table[..]].concat(),
        &["key", "revoke", &id, "--data-dir", folder],
    ] {
        assert_failed(&with_stdout(arguments, streams::full()), arguments);
    }
    let (closed, _) = streams::abandoned_pipe();
    assert_failed(&with_stdout(&["openapi"], closed), &["openapi"]);
}

#[test]
fn a_key_that_was_not_printed_is_not_valid() {
    let (data, id) = with_key();
    let folder = data.path().to_str().unwrap();
    let before = file(&data);
    for arguments in
        [&["key", "create", "x", "--data-dir", folder][..], &["key", "rotate", &id, "--data-dir", folder]]
    {
        let (closed, _) = streams::abandoned_pipe();
        let (read_only, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let read_only = fs::File::open(read_only.path()).unwrap();
        let streams: [Stdio; 5] = [
            streams::full().into(),
            closed,
            Stdio::null(),
            read_only.into(),
            streams::read_end(folder.path()),
        ];
        for stdout in streams {
            assert_failed(&with_stdout(arguments, stdout), arguments);
            assert_eq!(file(&data), before, "{arguments:?}");
        }
    }
}

#[test]
fn exit_codes_hold_where_standard_error_cannot_be_written_either() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    for (arguments, code) in [
        (&["key", "create", "x", "--data-dir", folder][..], 1),
        (&["key", "revoke", "nobody", "--data-dir", folder], 1),
        (&["--no-such-flag"], 2),
        (&["--listen", "nowhere"], 2),
        (&["openapi"], 1),
    ] {
        let status = portdesk(arguments).stdout(streams::full()).stderr(streams::full()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn a_pipe_that_does_not_block_gets_all_that_a_command_prints() {
    let (reader, writer) = std::io::pipe().unwrap();
    streams::set_non_blocking(&writer, true);
    let mut child = portdesk(&["openapi"]).stdout(writer).spawn().unwrap();
    let printed = std::io::read_to_string(reader).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(printed.len() > 50_000 || printed.contains("openapi"), "{} bytes", printed.len());
}
