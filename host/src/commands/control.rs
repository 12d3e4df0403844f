//! The commands for the console of a running host: thin clients of its routes.
//!
//! Exit codes: 0 done, or everything held; 1 not; 2 wrong use.

pub(super) mod check;
mod client;
mod clock;
mod fault;
mod journal;
mod people;
mod space;
mod state;

use std::path::Path;

use clap::{Args, Subcommand};
use hyper::Method;
use serde_json::{Value, json};

use self::client::{Client, Reply};
use super::Ended;
use super::output::print;
use crate::config::{DataDir, name};
use crate::files;
use crate::http_url::HttpUrl;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Set or show the clock of a space of a running host
    #[command(args_conflicts_with_subcommands = true)]
    Clock(clock::Arguments),
    /// Add, remove and list the faults of a space of a running host
    #[command(subcommand)]
    Fault(fault::Command),
    /// Print the calls that a running host answered
    Journal(journal::Arguments),
    /// Remove all items of a space of a running host, and start its clock and its chance again
    Reset(state::Reset),
    /// Put the items of a snapshot back into a space of a running host
    Restore(state::Restore),
    /// Perform the steps of a scenario file in a space of a running host
    Seed(state::Seed),
    /// Keep a copy of all items of a space of a running host under a name, or list the copies
    Snapshot(state::Snapshot),
    /// Create, drop and list the spaces of a running host
    #[command(subcommand)]
    Space(space::Command),
}

pub(super) fn run(command: Command) -> Result<(), Ended> {
    match command {
        Command::Clock(arguments) => clock::run(&arguments),
        Command::Fault(command) => fault::run(&command),
        Command::Journal(arguments) => journal::run(&arguments),
        Command::Reset(reset) => state::reset(&reset),
        Command::Restore(restore) => state::restore(&restore),
        Command::Seed(seed) => state::seed(&seed),
        Command::Snapshot(snapshot) => state::snapshot(&snapshot),
        Command::Space(command) => space::run(&command),
    }
}

/// Which host a command talks to, and how it prints the answer.
#[derive(Debug, Args)]
pub(super) struct Target {
    /// Address of the console
    ///
    /// For example `http://127.0.0.1:8081`. The token is then read from the variable `PORTDESK_CONSOLE_TOKEN`. Without this flag, the
    /// host of the data folder is meant, which keeps its address and its token there.
    #[arg(long, value_name = "URL")]
    console: Option<HttpUrl>,

    #[command(flatten)]
    data: DataDir,

    /// Print the answer as JSON, as the console sends it
    #[arg(long)]
    json: bool,
}

/// Which space a command is about.
#[derive(Debug, Args)]
pub(super) struct SpaceOf {
    /// Space, as `portdesk space list` shows it
    #[arg(long, value_name = "NAME", default_value = "main", value_parser = name)]
    space: String,
}

impl SpaceOf {
    /// A body with the space and these further members. A member that is null is left out.
    fn body(&self, members: Value) -> Value {
        let mut body = json!({"space": self.space});
        if let (Value::Object(body), Value::Object(members)) = (&mut body, members) {
            body.extend(members.into_iter().filter(|(_, value)| !value.is_null()));
        }
        body
    }

    /// A path with the space in its query.
    fn of(&self, path: &str) -> String {
        format!("{path}?space={}", self.space)
    }
}

impl Target {
    /// Sends a request and prints its answer, which `shown` puts in words for people.
    fn perform(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        shown: impl FnOnce(&Value) -> String,
    ) -> Result<(), Ended> {
        let Reply { body, .. } = Client::of(self)?.send(method, path, body)?.done()?;
        self.print(&body, shown)
    }

    fn print(&self, answer: &Value, shown: impl FnOnce(&Value) -> String) -> Result<(), Ended> {
        if self.json { print(&format!("{answer}\n")) } else { print(&shown(answer)) }
    }
}

/// Reads a file that people write in YAML or JSON, for the console.
fn read(file: &Path, limit_bytes: u64) -> Result<String, Ended> {
    let failed = |why: String| Ended::WrongUse(format!("{}: {why}", file.display()));
    let bytes = files::read(file, limit_bytes).map_err(|error| failed(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| failed("the file is not text in UTF-8".to_owned()))
}

/// Parses YAML, and so JSON too.
fn parse(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str(text).map_err(|error| format!("it is neither YAML nor JSON ({error})"))
}
