//! `portdesk check`: says what a file is, and what it lacks.

use std::path::PathBuf;

use clap::Args;

use super::Ended;
use super::output::print;
use crate::host::component_bytes;
use crate::sandbox::Inspection;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The component to look at
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    let inspection = Inspection::of(&component_bytes(Some(&arguments.file))?)?;
    if inspection.world.is_none() || !inspection.missing.is_empty() {
        return Err(Ended::Failed(format!("{}: {inspection}", arguments.file.display())));
    }
    print(&format!("{}: {inspection}\n", arguments.file.display()))
}
