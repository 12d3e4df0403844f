//! A host in another process whose log a test reads while it runs.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::Process;

/// A host that writes its log to a file, one JSON object a line.
pub struct Logged {
    pub host: Process,
    log: PathBuf,
}

impl Logged {
    /// Starts a command that serves; `log` is where its log goes.
    pub fn start(command: &mut Command, log: PathBuf) -> Logged {
        command.args(["--listen", "127.0.0.1:0", "--log-format", "json"]);
        let host = Process::spawn(command.stderr(File::create(&log).unwrap()));
        Logged { host, log }
    }

    /// How many lines have this text in them.
    pub fn lines(&self, text: &str) -> usize {
        fs::read_to_string(&self.log).unwrap().lines().filter(|line| line.contains(text)).count()
    }

    /// Waits until so many lines have this text in them.
    pub async fn wait_for(&self, lines: usize, text: &str) {
        let written = async {
            while self.lines(text) < lines {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = timeout(Duration::from_secs(30), written).await;
        assert!(waited.is_ok(), "{lines} lines with {text}:\n{}", fs::read_to_string(&self.log).unwrap());
    }
}
