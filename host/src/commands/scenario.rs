//! `portdesk scenario`: runs files whose steps are requests, controls and expectations, in a host of this process, and checks
//! such files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{Ended, describe, output};
use crate::config::{ComponentFile, Config, DataDir};
use crate::contract::Contract;
use crate::files;
use crate::host::Host;
use crate::journal::Via;
use crate::scenario::{self, FILE_LIMIT_BYTES, Mode, Report, Scenario, SpaceWorld, junit};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run scenarios, each in a fresh host in memory, and print what came of each step
    ///
    /// Nothing listens, and no file is kept. The exit code is 0 if every scenario held, 1 if one did not, and 2 if a file is not a
    /// scenario: then none is run.
    Run(Run),
    /// Check scenarios without running them
    Validate(Files),
}

/// The arguments of `portdesk scenario run`.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    files: Files,

    /// File to write the report to as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// The scenarios.
#[derive(Debug, Args)]
pub(super) struct Files {
    /// Files with a scenario each, in YAML or JSON
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,

    /// The component whose operations the steps name.
    #[command(flatten)]
    component: ComponentFile,
}

pub(super) fn run(command: &Command) -> Result<(), Ended> {
    match command {
        Command::Run(arguments) => run_all(arguments),
        Command::Validate(files) => {
            let names: Vec<String> = read(files)?.into_iter().map(|scenario| scenario.name).collect();
            let text = names.join(": valid\n") + ": valid\n";
            output::print(&text)
        }
    }
}

fn run_all(arguments: &Run) -> Result<(), Ended> {
    let Run { files, junit: file, json } = arguments;
    let scenarios = read(files)?;
    let runtime = Runtime::new()?;
    // It keeps the compiled component from one scenario to the next.
    let folder = TempDir::new()?;
    let mut reports = Vec::new();
    for scenario in &scenarios {
        reports.push(runtime.block_on(async {
            let world = world(&files.component, folder.path()).await?;
            Ok::<_, Ended>(scenario::run(scenario, &world, Mode::Run).await)
        })?);
    }
    if let Some(file) = file {
        fs::write(file, junit(&reports)).map_err(|error| unwritten(file, &error))?;
    }
    output::print(&shown(&reports, *json)?)?;
    match reports.iter().filter(|report| !report.held).count() {
        0 => Ok(()),
        failed => Err(Ended::Failed(format!("{failed} of {} scenarios did not hold", reports.len()))),
    }
}

fn shown(reports: &[Report], as_json: bool) -> Result<String, Ended> {
    if as_json {
        return Ok(serde_json::to_string_pretty(reports)? + "\n");
    }
    let texts: Vec<String> = reports.iter().map(Report::to_string).collect();
    Ok(texts.join("\n"))
}

/// Reads all files before anything runs.
fn read(files: &Files) -> Result<Vec<Scenario>, Ended> {
    let contract = Contract::parse(&describe(&files.component)?.openapi)?;
    let read = |path: &PathBuf| {
        let wrong = |why: String| Ended::WrongUse(format!("{}: {why}", path.display()));
        let bytes = files::read(path, FILE_LIMIT_BYTES as u64).map_err(|error| wrong(error.to_string()))?;
        Scenario::parse(&bytes, &contract).map_err(|error| wrong(error.to_string()))
    };
    files.scenarios.iter().map(read).collect()
}

fn unwritten(file: &Path, error: &std::io::Error) -> Ended {
    Ended::Failed(format!("--junit: {} cannot be written ({error})", file.display()))
}

/// A fresh world with the component, in which a scenario runs: a host in memory with controls, which listens nowhere.
async fn world(component: &ComponentFile, folder: &Path) -> Result<SpaceWorld, Ended> {
    let config =
        Config::parse_from(["scenario", "--store", "memory", "--console", "127.0.0.1:0", "--controls"]);
    let data = DataDir { path: folder.to_owned() };
    let config = Config { component: component.clone(), data, ..config };
    let Host { pipeline, .. } = Host::open(&config).await?;
    let lost = || Ended::Failed("the host has no controls".to_owned());
    let spaces = pipeline.spaces.clone().ok_or_else(lost)?;
    let space = Arc::clone(spaces.main());
    Ok(SpaceWorld { pipeline, spaces, space, via: Via::Http })
}
