//! A machine whose clock changes while a host runs, and a machine whose clock is outside of the years 1970 to 9999.
//!
//! libfaketime changes the clock of the host alone. If libfaketime cannot be installed, these tests pass and print `NOT RUN`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Logged, Process, comments_path, path, portdesk};

/// The clock of a host.
struct Clock {
    library: PathBuf,
    folder: TempDir,
}

impl Clock {
    fn new() -> Option<Clock> {
        let folder = tempfile::tempdir().unwrap();
        match portdesk_test_support::faketime() {
            Ok(library) => Some(Clock { library, folder }),
            Err(why) => {
                println!("NOT RUN: {why}");
                None
            }
        }
    }

    /// Sets the distance to the clock of the machine, for example `-1h`.
    fn set(&self, distance: &str) {
        // A rename, so that the host never reads half of the text.
        let written = self.folder.path().join("written");
        fs::write(&written, distance).unwrap();
        fs::rename(written, self.folder.path().join("clock")).unwrap();
    }

    /// A command with this clock.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = portdesk(arguments);
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", self.folder.path().join("clock"));
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        command.arg("--data-dir").arg(self.folder.path().join("data"));
        command
    }

    fn host(&self) -> Process {
        Process::spawn(&mut self.command(&["--listen", "127.0.0.1:0", "--log-level", "error"]))
    }
}

/// The text of a time. Such texts have the order of the times.
fn time(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn a_clock_that_is_set_back_takes_no_ticket_back() {
    let Some(clock) = Clock::new() else { return };
    clock.set("+0s");
    let host = clock.host();
    let client = host.client();
    for step in ["-1s", "-1h", "-1d", "-365d", "-55y", "+1d", "-1d", "+0s"] {
        let ticket = client.create("ada", "No ink.").await;
        clock.set(step);
        let body = json!({ "comment": "Still." });
        let comment = client.post(&comments_path(&ticket), &body).await.expect(200).json();
        assert!(time(&comment["updated_at"]) >= time(&ticket["created_at"]), "{step}: {ticket} {comment}");
        let body = json!({ "status": "in_progress" });
        let moved = client.send("PATCH", &path(&ticket), &[], Some(&body)).await.expect(200).json();
        assert!(time(&moved["updated_at"]) >= time(&comment["updated_at"]), "{step}: {comment} {moved}");
        let next = client.create("ada", "No ink.").await;
        assert!(time(&next["created_at"]) >= time(&ticket["created_at"]), "{step}: {ticket} {next}");
    }
    assert_eq!(host.end("TERM").0, Some(0));
}

#[tokio::test]
async fn a_host_that_starts_with_an_earlier_clock_shows_no_ticket_changed_before_it_was_made() {
    let Some(clock) = Clock::new() else { return };
    clock.set("+1h");
    let host = clock.host();
    let ticket = host.client().create("ada", "No ink.").await;
    assert_eq!(host.end("TERM").0, Some(0));
    clock.set("+0s");
    let host = clock.host();
    host.client().post(&comments_path(&ticket), &json!({ "comment": "Still." })).await.expect(200);
    let shown = host.client().get(&path(&ticket)).await.expect(200).json();
    assert_eq!(shown["updated_at"], shown["created_at"]);
    assert_eq!(shown["comments"][0]["created_at"], shown["created_at"]);
    assert_eq!(host.end("TERM").0, Some(0));
}

#[tokio::test]
async fn a_clock_that_leaves_the_calendar_under_a_running_host_ends_connections_in_words() {
    let Some(clock) = Clock::new() else { return };
    clock.set("+0s");
    let mut command = clock.command(&["--listen", "127.0.0.1:0", "--log-level", "error"]);
    let logged = Logged::start(clock.folder.path(), &mut command);
    let client = logged.host.client();
    client.create("ada", "No ink.").await;
    clock.set("+8000y");
    for _ in 0..3 {
        assert!(client.try_send("GET", "/healthz", &[], None).await.is_err());
    }
    clock.set("+0s");
    logged.host.client().create("ada", "No ink.").await;
    let (log, _) = logged.end();
    assert!(log.contains("the clock of this machine is not within the years 1970 to 9999; set it"), "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn a_clock_that_no_calendar_has_is_an_error_in_words() {
    let Some(clock) = Clock::new() else { return };
    for distance in ["+8000y", "+9000y", "+100000y", "-60y", "-1000y"] {
        clock.set(distance);
        for arguments in [["serve", "--rate-limit=off"], ["key", "list"], ["plan", "list"]] {
            let output = clock.command(&arguments).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{distance} {arguments:?}: {said}");
            assert_eq!(
                said, "portdesk: the clock of this machine is not within the years 1970 to 9999; set it\n",
                "{distance} {arguments:?}"
            );
        }
    }
}
