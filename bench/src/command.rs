//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::calls;
use crate::contestant::{Contestant, Platforms};
use crate::failure::Failure;
use crate::native_desk;
use crate::report::{Machine, Report};
use crate::rounds::Plan;
use crate::store;

/// Measures Portdesk beside its native desk and other platforms, and prints tables.
///
/// Every server runs on this machine, and so does what makes the load: run it on one that does nothing else.
#[derive(Debug, Parser)]
#[command(name = "cargo bench-desk", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// How often everything is measured; medians are taken
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,

    /// How long each measurement takes
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,

    /// Counts of connections
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_values_t = [1, 64, 256],
          value_parser = clap::value_parser!(u16).range(1..=256))]
    connections: Vec<u16>,

    /// Who takes part; all of them unless some are named
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<Contestant>,

    /// The wasmtime to measure; without it, one is installed into .tools, which takes some minutes, once
    #[arg(long, value_name = "PROGRAM")]
    wasmtime: Option<PathBuf>,

    /// Folder for performance.md and performance.svg; of a file that is there, only what lies between the two marks is
    /// replaced
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure the embedded store: commits beside the engine alone, what a million tickets change, and memory over requests
    Store(store::Arguments),
    /// Measure the sandbox alone, without HTTP, beside the same desk as native code
    Calls(calls::Arguments),
    /// Make a data set for the embedded store
    Fill(store::Fill),
}

/// Runs what the command line asks for.
pub(crate) fn main() -> ExitCode {
    // The contestants that are ours: this program with the command line of the host.
    let done = match std::env::args().nth(1).as_deref() {
        Some("serve") => return portdesk::commands::main(),
        Some(native_desk::COMMAND) => native_desk::serve(),
        _ => run(Arguments::parse()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench-desk: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        None => measure(arguments),
        Some(Command::Calls(arguments)) => calls::measure(&arguments),
        Some(Command::Store(arguments)) => store::measure(arguments),
        Some(Command::Fill(store::Fill { tickets, data_dir })) => store::fill(&data_dir, tickets),
    }
}

fn measure(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { command: _, rounds, seconds, connections, only, wasmtime, out } = arguments;
    let contestants = if only.is_empty() { Contestant::value_variants().to_vec() } else { only };
    let platforms = Platforms::prepare(&contestants, wasmtime.as_deref())?;
    let plan = Plan {
        contestants,
        connections: connections.into_iter().map(usize::from).collect(),
        rounds: rounds.into(),
        time: Duration::from_secs_f64(seconds),
    };
    let machine = Machine::before(&platforms)?;
    let results = plan.run(&platforms)?;
    let report = Report { machine: machine.after()?, plan, results };
    println!("{}", report.markdown());
    match out {
        Some(folder) => report.write(&folder),
        None => Ok(()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.1..=600.0).contains(seconds));
    seconds.ok_or_else(|| "not a number of seconds from 0.1 to 600".to_owned())
}
