//! `portdesk completions` and `portdesk man`: what a package installs beside the program.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;

use super::output::{note, print};
use super::{Arguments, Ended};

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Shell for which the script is
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// Folder for the pages; created if it is missing
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(super) fn complete(arguments: &Completions) -> Result<(), Ended> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), NAME, &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// Writes a page for the program, and one for each command.
pub(super) fn write_man(arguments: &Man) -> Result<(), Ended> {
    let folder = &arguments.folder;
    let failed =
        |error| Ended::Failed(format!("{}: the pages cannot be written ({error})", folder.display()));
    fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(documented(Arguments::command()), folder).map_err(failed)?;
    note(&format!("the pages are in {}; `man {}/portdesk.1` shows one", folder.display(), folder.display()));
    Ok(())
}

/// The command as pages show it: `--version` has one line.
fn documented(command: Command) -> Command {
    command.long_version(env!("CARGO_PKG_VERSION"))
}

const NAME: &str = "portdesk";
