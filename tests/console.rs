//! The page of the console, in Chromium: what it shows, how people use it, and who cannot.
//!
//! Each test starts a host and a script of Node that drives the browser (`tests/console/*.mjs`).

use std::fs;
use std::path::Path;
use std::process::Command;

use portdesk_test_support::{browser_packages, chromium};

use crate::harness::{HostOnDynamo, KEY, Process, Table, portdesk};

/// A component whose items are pens.
const PENS_FILE: &str = env!("PORTDESK_PENS_WASM");

/// A host in memory with a console and controls.
const CONTROLLED: [&str; 5] = ["--store", "memory", "--console", "127.0.0.1:0", "--controls"];

/// Runs a script over a host. Panics with what it printed if it fails.
fn drive(script: &str, host: &Process) {
    let (console, token) = host.console();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("console").join(script);
    let mut node = Command::new("node");
    node.arg(&script)
        .env("PORTDESK_TEST_URL", &host.url)
        .env("PORTDESK_TEST_KEY", KEY)
        .env("PORTDESK_TEST_CONSOLE", console)
        .env("PORTDESK_TEST_TOKEN", token.expect("the host made a token"))
        .env("PORTDESK_BROWSER_PACKAGES", browser_packages())
        .env("PORTDESK_CHROMIUM", chromium());
    let output = node.output().expect("Node can be started");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    print!("{}", said(&output.stdout));
    assert!(output.status.success(), "{}: {}", script.display(), said(&output.stderr));
}

fn over_memory(script: &str, flags: &[&str]) {
    let data = tempfile::tempdir().unwrap();
    drive(script, &Process::start(data.path(), &[&CONTROLLED[..], flags].concat()));
}

#[test]
fn what_happens_appears_at_once_and_nothing_is_lost() {
    over_memory("live.mjs", &[]);
}

#[test]
fn every_control_works_by_the_keyboard_alone() {
    over_memory("keys.mjs", &[]);
}

#[test]
fn the_page_shows_states_quotas_and_spaces_and_changes_them() {
    over_memory("worlds.mjs", &[]);
}

#[test]
fn a_damaged_snapshot_is_named_and_can_be_removed() {
    let data = tempfile::tempdir().unwrap();
    let host = Process::start(data.path(), &["--console", "127.0.0.1:0", "--controls"]);
    let snapshots = data.path().join("snapshots");
    fs::create_dir(&snapshots).unwrap();
    fs::write(snapshots.join("broken.json"), "this is not a manifest").unwrap();
    drive("damaged.mjs", &host);
}

#[test]
fn axe_finds_nothing_in_any_view() {
    over_memory("accessible.mjs", &[]);
}

#[test]
fn markup_is_text_in_every_field() {
    over_memory("markup.mjs", &[]);
}

#[test]
fn hostile_pages_change_nothing_and_read_nothing() {
    over_memory("hostile.mjs", &[]);
}

#[test]
fn a_burst_leaves_the_page_usable() {
    over_memory("burst.mjs", &["--rate-limit", "off"]);
}

#[test]
fn the_page_shows_another_component() {
    over_memory("other.mjs", &["--component", PENS_FILE]);
}

#[test]
fn the_demo_keeps_living() {
    let mut demo = portdesk(&["demo", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]);
    drive("demo.mjs", &Process::spawn(&mut demo));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_a_shared_table_cannot_do() {
    let table = Table::create().await;
    let host = HostOnDynamo::start(&table.server.endpoint, &["--console", "127.0.0.1:0", "--controls"]);
    tokio::task::spawn_blocking(move || drive("shared.mjs", &host.process)).await.unwrap();
}
