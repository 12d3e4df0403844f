//! The settings of the console: the private listener for people and tests, and what may change through it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, value_parser};
use jiff::Timestamp;

use crate::admin::{ConsoleHost, ConsoleSettings, HOSTS_LIMIT};
use crate::backend::SnapshotName;
use crate::name::is_name;

/// The settings of the console.
#[derive(Debug, Clone, Args)]
pub struct Console {
    /// Address and port of the console, a private listener
    ///
    /// The console shows what clients do and serves `/metrics`. Every request needs the token that the host prints when it starts.
    /// The token is also in the file `console.token` of the data folder. Port 0 takes a free port. An address that other machines
    /// can reach needs --allow-plaintext.
    #[arg(id = "console", long = "console", env = "PORTDESK_CONSOLE", value_name = "ADDRESS:PORT",
          value_parser = super::address)]
    pub address: Option<SocketAddr>,

    /// Let the console change the data, the clock and the faults, for tests
    ///
    /// Needs --console. With `--store embedded`, the data folder must have no items at the first start with this flag. The host then
    /// marks the folder with the file `disposable`, and later starts accept it with items.
    #[arg(long, env = "PORTDESK_CONTROLS", requires_if("true", "console"), hide_short_help = true)]
    pub controls: bool,

    /// One more name under which browsers and tests reach the console
    ///
    /// For example `desk.internal`, or `localhost:9000` if a container publishes another port. Without a port, the name is accepted
    /// with the port of --console and without a port. Repeat the flag for more names, 8 at most; separate them with commas in the
    /// variable.
    #[arg(
        long = "console-host",
        env = "PORTDESK_CONSOLE_HOST",
        value_name = "NAME",
        value_delimiter = ',',
        requires = "console",
        hide_short_help = true
    )]
    pub hosts: Vec<ConsoleHost>,

    /// Most memory of the journal, 1 to 1024 MiB
    ///
    /// The journal keeps the last requests and their answers for the console. If it is full, it drops the oldest.
    #[arg(long, env = "PORTDESK_JOURNAL_MIB", value_name = "MIB", default_value_t = 16,
          value_parser = value_parser!(u16).range(1..=1024), requires = "console", hide_short_help = true)]
    pub journal_mib: u16,

    /// Seed of all random numbers of the component
    ///
    /// Ids then depend only on what the requests say. Needs --controls.
    #[arg(long, env = "PORTDESK_SEED", value_name = "NUMBER", requires = "controls", hide_short_help = true)]
    pub seed: Option<u64>,

    /// Time of day at which the component's clock begins
    ///
    /// For example `2026-03-02T09:00:00Z`. Needs --controls.
    #[arg(long, env = "PORTDESK_CLOCK", value_name = "TIME", value_parser = time, requires = "controls",
          hide_short_help = true)]
    pub clock: Option<Timestamp>,

    /// Snapshot whose items the host begins with
    ///
    /// `portdesk snapshot NAME` makes a snapshot of a running host. Needs --controls.
    #[arg(
        long,
        env = "PORTDESK_RESTORE",
        value_name = "NAME",
        requires = "controls",
        hide_short_help = true
    )]
    pub restore: Option<SnapshotName>,

    /// Scenario file whose steps the host performs before it serves
    ///
    /// Needs --controls.
    #[arg(
        long,
        env = "PORTDESK_SCENARIO",
        value_name = "FILE",
        requires = "controls",
        hide_short_help = true
    )]
    pub scenario: Option<PathBuf>,

    /// The token of the console. It has only a variable, see [`console_token`](super::console_token), so that it is in no list of
    /// processes. Without it, the host makes a token at each start.
    #[arg(skip)]
    pub token: Option<String>,
}

impl Console {
    /// The settings of the listener; `None` if there is no console.
    #[must_use]
    pub fn listener(&self, allows_plaintext: bool) -> Option<ConsoleSettings> {
        Some(ConsoleSettings {
            address: self.address?,
            allows_plaintext,
            hosts: self.hosts.clone(),
            token: self.token.clone(),
            has_controls: self.controls,
        })
    }

    /// Fails with a text for the user if the settings are too many. A single setting is checked when it is read.
    pub fn check(&self) -> Result<(), String> {
        match self.hosts.len() {
            0..=HOSTS_LIMIT => Ok(()),
            given => Err(format!("--console-host: {given} names are too many; give {HOSTS_LIMIT} at most")),
        }
    }
}

fn time(text: &str) -> Result<Timestamp, &'static str> {
    text.parse().map_err(|_| "not a time with its offset, for example 2026-03-02T09:00:00Z")
}

/// Parses the name of a snapshot or of a space. A name is a part of a path, so it has no character with a meaning there.
pub fn name(text: &str) -> Result<String, &'static str> {
    is_name(text).then(|| text.to_owned()).ok_or("a name has 1 to 64 lower-case letters, digits and `-`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_plain_segment_of_a_path() {
        let longest = "a".repeat(64);
        for good in ["a", "before-reset", "0", &longest] {
            assert_eq!(name(good).as_deref(), Ok(good));
        }
        for bad in ["", "A", "..", "a/b", "a%2fb", "a b", "ä", &"a".repeat(65)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_needs_its_offset() {
        assert!(time("2026-03-02T09:00:00Z").is_ok() && time("2026-03-02T09:00:00+01:00").is_ok());
        for bad in ["", "2026-03-02", "2026-03-02T09:00:00", "now", "0"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }
}
