//! `cargo bench-desk store`: the embedded store beside its engine alone (SQLite), and what both cost with many tickets.

mod bare;
mod commits;
mod growth;
mod requests;
mod tickets;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tempfile::TempDir;

pub(crate) use self::tickets::fill;
use crate::contestant::Platforms;
use crate::failure::Failure;
use crate::report::{Machine, write_page};

/// What to measure of the store.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How often everything is measured; medians are taken
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,

    /// How long each measurement takes
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    seconds: u16,

    /// Counts of tickets, 1000 at least; none to measure commits alone
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', num_args = 0.., default_values_t = [1000, 100_000, 1_000_000],
          value_parser = clap::value_parser!(u32).range(1000..=10_000_000))]
    sizes: Vec<u32>,

    /// Folder for performance.md, of which only what lies between the marks of this command is replaced
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// What to make.
#[derive(Debug, Args)]
pub(crate) struct Fill {
    /// How many tickets
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    pub(crate) tickets: u32,

    /// Folder of the store; made where it is missing. `portdesk --data-dir FOLDER` serves it
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: PathBuf,
}

/// Measures, and prints Markdown.
pub(crate) fn measure(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { rounds, seconds, sizes, out } = arguments;
    let time = Duration::from_secs(seconds.into());
    let machine = Machine::before(&Platforms::prepare(&[], None)?)?;
    let commits = commits::table(rounds.into(), time)?;
    let growth = growth::tables(&sizes, rounds.into(), time)?;
    let requests = if sizes.is_empty() { String::new() } else { requests::table(rounds.into())? };
    let measured = format!("{}\n{commits}\n{growth}\n{requests}", machine.after()?);
    println!("{measured}");
    out.map_or(Ok(()), |folder| write_page(&folder, "cargo bench-desk store", &measured))
}

/// A folder on the disk of this tree: one for temporary files may lie in memory, where a sync costs nothing.
pub(crate) fn folder() -> Result<TempDir, Failure> {
    let here = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target"));
    tempfile::tempdir_in(here).map_err(Failure::io("a data folder"))
}
