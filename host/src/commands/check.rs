//! `portdesk check`: says what a file is, and what it lacks.

use std::path::PathBuf;

use clap::Args;

use super::Ended;
use super::output::print;
use crate::host::component_bytes;
use crate::sandbox::Examination;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The component to look at
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    let examination = Examination::of(&component_bytes(Some(&arguments.file))?)?;
    if examination.world.is_none() || !examination.missing.is_empty() {
        return Err(Ended::Failed(format!("{}: {examination}", arguments.file.display())));
    }
    print(&format!("{}: {examination}\n", arguments.file.display()))
}
