//! `cargo bench-desk store` measures the embedded store beside its engine alone (SQLite), with few and with many tickets.

mod bare;
mod commits;
mod contents;
mod growth;
mod requests;
mod tickets;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use tempfile::TempDir;

pub(crate) use self::tickets::fill;
use crate::report::{Machine, write_page};

/// The options of `store`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Number of rounds; the tables show medians over all rounds
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,

    /// Duration of each measurement
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    seconds: u16,

    /// Numbers of tickets, each at least 1000; none to measure only commits
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', num_args = 0.., default_values_t = [1000, 100_000, 1_000_000],
          value_parser = clap::value_parser!(u32).range(1000..=10_000_000))]
    sizes: Vec<u32>,

    /// Folder for performance.md; in an existing page, only the text between the marks of this command is replaced
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// The options of `fill`.
#[derive(Debug, Args)]
pub(crate) struct Fill {
    /// Number of tickets
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    pub(crate) tickets: u32,

    /// Folder of the store, which is made if it is missing; `portdesk --data-dir FOLDER` serves it
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: PathBuf,
}

/// Measures, and prints Markdown.
pub(crate) fn measure(arguments: Arguments) -> Result<()> {
    let Arguments { rounds, seconds, sizes, out } = arguments;
    let time = Duration::from_secs(seconds.into());
    let machine = Machine::before(None)?;
    let commits = commits::table(rounds.into(), time)?;
    let contents = contents::table(CONTENTS, rounds.into())?;
    let growth = growth::table(&sizes, rounds.into(), time)?;
    let requests = if sizes.is_empty() { String::new() } else { requests::table(rounds.into())? };
    let measured = format!("{}\n{commits}\n{contents}\n{growth}\n{requests}", machine.after()?);
    println!("{measured}");
    out.map_or(Ok(()), |folder| write_page(&folder, "cargo bench-desk store", &measured))
}

/// Makes a temporary folder on the disk of this tree. The system's folder for temporary files may be in memory, where a sync
/// costs nothing.
pub(crate) fn folder() -> Result<TempDir> {
    let target = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target"));
    tempfile::tempdir_in(target).context("a data folder")
}

/// The tickets of a store that is saved, restored, cleared and copied as a whole: more than most tests need.
const CONTENTS: u32 = 20_000;
