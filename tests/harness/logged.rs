//! A host in another process whose log a test reads while it runs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{KEY, LONG, Process};

/// A host that writes its log to a file.
pub struct Logged {
    pub host: Process,
    log: PathBuf,
}

impl Logged {
    /// Starts a command that serves over `data`. The log goes to the same folder.
    pub fn start(data: &Path, command: &mut Command) -> Logged {
        let log = data.join("log");
        let host = Process::spawn(command.stderr(File::create(&log).unwrap()));
        Logged { host, log }
    }

    pub fn text(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// The number of lines with this text.
    pub fn lines(&self, text: &str) -> usize {
        self.text().lines().filter(|line| line.contains(text)).count()
    }

    /// Waits until this number of lines has this text.
    pub async fn wait_for(&self, lines: usize, text: &str) {
        let written = async {
            while self.lines(text) < lines {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = timeout(LONG, written).await;
        assert!(waited.is_ok(), "{lines} lines with {text}:\n{}", self.text());
    }

    /// Stops the host. Returns its log, and its output after the banner.
    pub fn end(self) -> (String, String) {
        let Logged { host, log } = self;
        let (code, output) = host.end("TERM");
        assert_eq!(code, Some(0));
        let log = fs::read_to_string(log).unwrap();
        assert!(!log.contains(KEY), "the log of a host has the key: {log}");
        (log, output)
    }
}
