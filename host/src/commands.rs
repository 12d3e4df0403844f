//! The command line: `portdesk [serve]`, and `check`, `compile`, `completions`, `cost`, `demo`, `key`, `lambda`, `man`, `mcp`, `openapi`,
//! `plan`, `publish`, `scenario`, `table`, and the commands for the console of a running host (`control`).
//!
//! Exit codes: 0 done, 1 failed, 2 wrong use. `publish` has further codes. A command that cannot print its result, and a
//! panic, have exit code 1.

mod check;
mod compile;
mod control;
mod cost;
mod demo;
mod key;
#[cfg(feature = "lambda")]
mod lambda;
mod mcp;
mod openapi;
mod output;
mod packaging;
mod place;
mod plan;
#[cfg(feature = "dynamodb")]
mod publish;
mod scenario;
mod serve;
#[cfg(feature = "dynamodb")]
mod table;

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::panic::{self, Location};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Parser, Subcommand};
use rustix::process::Signal;
use tokio::runtime::Runtime;

use crate::clock;
use crate::config::{ComponentFile, Config, Given, console_token, environment_key, parse};
use crate::host::component_bytes;
use crate::sandbox::{Component, Description, Isolation, Limits};

/// A service desk that answers over HTTP and keeps its data.
///
/// Without a command it serves: it prints the address, a key and examples, and logs to standard error.
#[derive(Debug, Parser)]
#[command(name = "portdesk", version, long_version = BUILD, args_conflicts_with_subcommands = true, after_help = MORE,
    after_long_help = VARIABLES)]
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
    /// Print what a component file is, or check what a running host did
    ///
    /// A component file: prints which world the component fits, what it lacks, and the tools that agents get of it. A file `.json`,
    /// `.yaml` or `.yml`: a list of expectations, which the console of a running host checks.
    Check(control::check::Arguments),
    /// Compile a component to a file, for images that nobody can write to
    Compile(compile::Arguments),
    /// Print a script that completes commands and flags in a shell
    Completions(packaging::Completions),
    /// Print what a month costs on AWS
    Cost(cost::Arguments),
    /// Show a desk in which something happens, with its console, for a first look
    ///
    /// Everything is in memory, and nothing is left when it ends.
    Demo(demo::Demo),
    /// Serve as the function of AWS Lambda
    ///
    /// A program that is called `bootstrap` does this by itself.
    #[cfg(feature = "lambda")]
    Lambda(Box<lambda::Arguments>),
    /// Write man pages to a folder
    Man(packaging::Man),
    /// Serve one agent over standard input and output (MCP)
    Mcp(Box<mcp::Arguments>),
    /// Create, list, rotate and revoke API keys
    ///
    /// A running host applies a change within a second, or within five seconds if the keys are in a table.
    #[command(subcommand)]
    Key(key::Command),
    /// Create, list and delete usage plans
    ///
    /// A running host applies a change within a second, or within five seconds if the plans are in a table.
    #[command(subcommand)]
    Plan(plan::Command),
    /// Print the contract of the component, an OpenAPI document
    Openapi(openapi::Arguments),
    /// Store the contract in an S3 bucket, with the address of the API
    ///
    /// The bucket must block public access. A contract that is there already is not stored again.
    #[cfg(feature = "dynamodb")]
    #[command(after_long_help = publish::EXIT_CODES)]
    Publish(publish::Arguments),
    #[command(flatten)]
    Control(control::Command),
    /// Run and check scenarios: files of requests and what is expected of their answers
    #[command(subcommand)]
    Scenario(scenario::Command),
    /// Create and check a DynamoDB table, and print the policy that a host needs
    #[cfg(feature = "dynamodb")]
    #[command(subcommand)]
    Table(table::Command),
}

/// Calls a component for its schema and its contract.
fn describe(component: &ComponentFile) -> Result<Description, Ended> {
    described(component).map(|(_component, description)| description)
}

/// Does the same as [`describe`], and returns the component too.
fn described(component: &ComponentFile) -> Result<(Component, Description), Ended> {
    let bytes = component_bytes(component.file.as_deref())?;
    let component = match &component.file {
        Some(file) if Component::is_compiled(&bytes) => Component::load_compiled(file, ONE_INSTANCE)?,
        Some(_) | None => Component::load(&bytes, ONE_INSTANCE)?,
    };
    let description = Runtime::new()?.block_on(component.describe())?;
    Ok((component, description))
}

/// The limits of a component that a command calls. The memory is the most that `--memory-limit-mib` allows.
const ONE_INSTANCE: Limits = Limits { isolation: Isolation::Fresh, instances: 1, memory_bytes: 1 << 30 };

/// What `--version` prints after the name: of what the program is made. `-V` prints the first line.
const BUILD: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit     ",
    env!("PORTDESK_BUILT_FROM"),
    "\ncomponent  sha256:",
    env!("PORTDESK_DESK_SHA256"),
    "\nwasmtime   ",
    env!("PORTDESK_WASMTIME"),
);

/// The short help names the commands of [`config::parse`](crate::config::parse) that it leaves out.
const MORE: &str = "See --help for clock, compile, completions, cost, fault, journal, man, reset, restore, scenario, seed, snapshot, space";

/// Help about the variables that have no flag, so that their values are in no list of processes.
const VARIABLES: &str = "Variables without a flag:
  PORTDESK_API_KEY        an API key that is valid in addition to those of the data folder, 20 to 256 visible ASCII
                          characters; if it is set, the first start makes no key
  PORTDESK_CONSOLE_TOKEN  the token of the console, 20 to 256 visible ASCII characters; without it, a host makes a
                          token at each start";

/// Runs the command of the command line.
#[must_use]
pub fn main() -> ExitCode {
    panic::set_hook(Box::new(|panicked| output::note(&defect(panicked.location()))));
    // The text of the panic is left out, because it may quote data. The hook has printed where it happened.
    panic::catch_unwind(run).unwrap_or(ExitCode::FAILURE)
}

fn run() -> ExitCode {
    let mut given = Given::default();
    let done = survive_file_limits().and_then(|()| match parse(command_line()) {
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
        #[cfg(feature = "dynamodb")]
        Err(Ended::WithCode(why, code)) => ended(&given.named(why), code),
        Err(Ended::Explained) => ExitCode::from(2),
    }
}

/// The arguments of the process. Lambda starts the program of a function as `bootstrap`, without arguments.
fn command_line() -> Vec<OsString> {
    let mut line: Vec<OsString> = std::env::args_os().collect();
    let name = line.first().and_then(|program| Path::new(program).file_name());
    if cfg!(feature = "lambda") && line.len() == 1 && name == Some(OsStr::new("bootstrap")) {
        line.push("lambda".into());
    }
    line
}

fn command(arguments: Arguments, given: &Given) -> Result<(), Ended> {
    // Keys, quota counts and logs have dates, and libraries panic if the clock shows a time outside the calendar.
    clock::now()?;
    match arguments.command {
        None => serve::run(&with_environment(arguments.config)?, given),
        Some(Command::Serve(config)) => serve::run(&with_environment(*config)?, given),
        Some(Command::Check(arguments)) if arguments.is_of_component() => check::run(&arguments.file),
        Some(Command::Check(arguments)) => control::check::run(&arguments),
        Some(Command::Compile(arguments)) => compile::run(&arguments),
        Some(Command::Completions(arguments)) => packaging::complete(&arguments),
        Some(Command::Cost(arguments)) => cost::run(&arguments),
        Some(Command::Demo(demo)) => demo::run(&demo, given),
        #[cfg(feature = "lambda")]
        Some(Command::Lambda(arguments)) => lambda::run(*arguments),
        Some(Command::Man(arguments)) => packaging::write_man(&arguments),
        Some(Command::Mcp(arguments)) => mcp::run(*arguments, environment_key().map_err(Ended::WrongUse)?),
        Some(Command::Key(command)) => key::run(&command),
        Some(Command::Plan(command)) => plan::run(&command),
        Some(Command::Control(command)) => control::run(command),
        Some(Command::Openapi(arguments)) => openapi::run(&arguments),
        #[cfg(feature = "dynamodb")]
        Some(Command::Publish(arguments)) => publish::run(&arguments),
        Some(Command::Scenario(command)) => scenario::run(&command),
        #[cfg(feature = "dynamodb")]
        Some(Command::Table(command)) => table::run(&command),
    }
}

/// Prints what clap returns in place of a command: help, the version, or what is wrong with the arguments.
fn usage(error: &clap::Error) -> Result<(), Ended> {
    let printed = error.print();
    if error.use_stderr() {
        return Err(Ended::Explained);
    }
    printed.map_err(|error| output::unprinted(&error))
}

/// Handles the signal SIGXFSZ. Without a handler, a write beyond the limit of a file's size would end the process instead of
/// failing with an error.
fn survive_file_limits() -> Result<(), Ended> {
    signal_hook::flag::register(Signal::XFSZ.as_raw(), Arc::new(AtomicBool::new(false)))?;
    Ok(())
}

fn defect(location: Option<&Location<'_>>) -> String {
    let place = location.map_or_else(String::new, |location| format!(" at {location}"));
    format!("portdesk: a defect of portdesk{place} ended the command; please report this line")
}

/// Why a command is not done.
enum Ended {
    Failed(String),
    WrongUse(String),
    /// A failure that has an exit code of its own.
    #[cfg(feature = "dynamodb")]
    WithCode(String, u8),
    /// Wrong use that clap has explained already.
    Explained,
}

/// The text of an error that reaches the command line is a sentence for the user.
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
    config.console.token = console_token().map_err(Ended::WrongUse)?;
    config.console.check().map_err(Ended::WrongUse)?;
    Ok(config)
}
