//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

use crate::calls;
use crate::contestant::{Contestant, Platforms};
use crate::native_desk;
use crate::report::{Machine, Report};
use crate::rounds::Plan;
use crate::store;

/// Measures Portdesk beside its native desk and other platforms, and prints tables.
///
/// The servers and the load generator run on this machine. Use a machine that does nothing else.
#[derive(Debug, Parser)]
#[command(name = "cargo bench-desk", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// Number of rounds; the tables show medians over all rounds
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,

    /// Duration of each measurement
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,

    /// Numbers of connections
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_values_t = [1, 64, 256],
          value_parser = clap::value_parser!(u16).range(1..=256))]
    connections: Vec<u16>,

    /// Contestants; all of them if none is named
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<Contestant>,

    /// Folder for performance.md and performance.svg; in an existing page, only the text between the marks is replaced
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure the embedded store: commits beside the engine alone, the cost of a million tickets, memory over requests
    Store(store::Arguments),
    /// Measure the sandbox alone, without HTTP, beside the same desk as native code
    Calls(calls::Arguments),
    /// Make a data set for the embedded store
    Fill(store::Fill),
}

/// Runs the command that the command line names.
pub(crate) fn main() -> Result<ExitCode> {
    match std::env::args().nth(1).as_deref() {
        // The measured servers are this program with the command line of the host.
        Some("serve") => return Ok(portdesk::commands::main()),
        Some(native_desk::COMMAND) => native_desk::serve()?,
        _ => run(Arguments::parse())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn run(arguments: Arguments) -> Result<()> {
    match arguments.command {
        None => measure(arguments),
        Some(Command::Calls(arguments)) => calls::measure(&arguments),
        Some(Command::Store(arguments)) => store::measure(arguments),
        Some(Command::Fill(store::Fill { tickets, data_dir })) => store::fill(&data_dir, tickets),
    }
}

fn measure(arguments: Arguments) -> Result<()> {
    let Arguments { command: _, rounds, seconds, connections, only, out } = arguments;
    let contestants = if only.is_empty() { Contestant::value_variants().to_vec() } else { only };
    let platforms = Platforms::prepare(&contestants)?;
    let plan = Plan {
        contestants,
        connections: connections.into_iter().map(usize::from).collect(),
        rounds: rounds.into(),
        time: Duration::from_secs_f64(seconds),
    };
    let machine = Machine::before(platforms.wasmtime.as_deref())?;
    let results = plan.run(&platforms)?;
    let report = Report { machine: machine.after()?, plan, results };
    println!("{}", report.markdown());
    out.map_or(Ok(()), |folder| report.write(&folder))
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.1..=600.0).contains(seconds));
    seconds.ok_or_else(|| "must be a number of seconds from 0.1 to 600".to_owned())
}
