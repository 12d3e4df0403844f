//! The command line: `portdesk [serve]`, and `check`, `compile`, `key`, `plan`, `openapi`, `table`.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong use. There are no others, also if a command cannot print, or if a defect ends it.

mod check;
mod compile;
mod key;
mod openapi;
mod output;
mod plan;
mod serve;
#[cfg(feature = "dynamodb")]
mod table;

use std::error::Error;
use std::panic::{self, Location};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Parser, Subcommand};
use rustix::process::Signal;
use tokio::runtime::Runtime;

use crate::clock;
use crate::config::{Config, Given, environment_key, parse};
use crate::host::component_bytes;
use crate::sandbox::{Component, Description, Isolation, Limits};

/// A service desk that answers over HTTP and keeps its data.
///
/// Without a command it serves: it prints the address, a key and examples, and logs to standard error.
#[derive(Debug, Parser)]
#[command(name = "portdesk", version, args_conflicts_with_subcommands = true, after_long_help = VARIABLES)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    config: Config,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the component over HTTP; `portdesk` without a command does the same
    Serve(Box<Config>),
    /// Say which world a component fits and what it lacks
    Check(check::Arguments),
    /// Compile a component to a file, for images that nobody can write to
    Compile(compile::Arguments),
    /// Make, list, rotate and revoke API keys
    ///
    /// A running host applies a change within a second.
    Key(key::Arguments),
    /// Make, list and delete usage plans
    ///
    /// A running host applies a change within a second.
    Plan(plan::Arguments),
    /// Print the contract of the component, an OpenAPI document
    Openapi(openapi::Arguments),
    /// Create and check a DynamoDB table, and print the policy that a host needs
    #[cfg(feature = "dynamodb")]
    Table(table::Arguments),
}

/// Asks a component what it stores and which contract it serves.
fn describe(component: Option<&Path>) -> Result<Description, Ended> {
    let bytes = component_bytes(component)?;
    let component = match component {
        Some(file) if Component::is_compiled(&bytes) => Component::load_compiled(file, ONE_INSTANCE)?,
        Some(_) | None => Component::load(&bytes, ONE_INSTANCE)?,
    };
    Ok(Runtime::new()?.block_on(component.describe())?)
}

/// To ask a component something. With as much memory as a host may be told to give one: these commands have no flag for it.
const ONE_INSTANCE: Limits = Limits { isolation: Isolation::Fresh, instances: 1, memory_bytes: 1 << 30 };

/// What has no flag, so that it stands in no list of processes.
const VARIABLES: &str = "Variables without a flag:
  PORTDESK_API_KEY  an API key that is valid in addition to those of the data folder, 20 to 256 visible ASCII
                    characters; if it is set, the first start makes no key";

/// Runs what the command line asks for.
#[must_use]
pub fn main() -> ExitCode {
    panic::set_hook(Box::new(|panicked| output::note(&defect(panicked.location()))));
    // The text of the panic is left out, because it may quote data. The hook has printed where it happened.
    panic::catch_unwind(run).unwrap_or(ExitCode::FAILURE)
}

fn run() -> ExitCode {
    let mut given = Given::default();
    let done = survive_file_limits().and_then(|()| match parse(std::env::args_os()) {
        Ok((arguments, set)) => {
            given = set;
            command(arguments, &given)
        }
        Err(error) => usage(&error),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Ended::Failed(why)) => ended(&given.named(why), 1),
        Err(Ended::WrongUse(why)) => ended(&given.named(why), 2),
        Err(Ended::Explained) => ExitCode::from(2),
    }
}

fn command(arguments: Arguments, given: &Given) -> Result<(), Ended> {
    // Keys, counts and logs have dates; libraries panic over one that no calendar has.
    clock::now()?;
    match arguments.command {
        None => serve::run(&with_environment(arguments.config)?, given),
        Some(Command::Serve(config)) => serve::run(&with_environment(*config)?, given),
        Some(Command::Check(arguments)) => check::run(&arguments),
        Some(Command::Compile(arguments)) => compile::run(&arguments),
        Some(Command::Key(arguments)) => key::run(&arguments),
        Some(Command::Plan(arguments)) => plan::run(&arguments),
        Some(Command::Openapi(arguments)) => openapi::run(&arguments),
        #[cfg(feature = "dynamodb")]
        Some(Command::Table(arguments)) => table::run(&arguments),
    }
}

/// What clap answers in place of a command: help, the version, or what is wrong with the arguments.
fn usage(error: &clap::Error) -> Result<(), Ended> {
    let printed = error.print();
    if error.use_stderr() {
        return Err(Ended::Explained);
    }
    printed.map_err(|error| output::unprinted(&error))
}

/// A write beyond the limit of a file's size fails with an error, as on a full disk. Without a handler the signal that comes
/// with the error would end the process.
fn survive_file_limits() -> Result<(), Ended> {
    signal_hook::flag::register(Signal::XFSZ.as_raw(), Arc::new(AtomicBool::new(false)))?;
    Ok(())
}

/// What is said of a panic.
fn defect(location: Option<&Location<'_>>) -> String {
    let place = location.map_or_else(String::new, |location| format!(" at {location}"));
    format!("portdesk: a defect of portdesk{place} ended what it was doing; please report this line")
}

/// How a command ends that is not done.
enum Ended {
    Failed(String),
    WrongUse(String),
    /// Wrong use that clap has explained already.
    Explained,
}

/// An error that reaches the command line is a sentence for whoever typed the command.
impl<E: Error> From<E> for Ended {
    fn from(error: E) -> Ended {
        Ended::Failed(error.to_string())
    }
}

fn ended(why: &str, code: u8) -> ExitCode {
    output::note(&format!("portdesk: {why}"));
    ExitCode::from(code)
}

fn with_environment(mut config: Config) -> Result<Config, Ended> {
    config.api_key = environment_key().map_err(Ended::WrongUse)?;
    Ok(config)
}
