//! `portdesk compile`: compiles a component to a file with native code.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::print;
use super::{Ended, ONE_INSTANCE};
use crate::config::ComponentFile;
use crate::host::component_bytes;
use crate::sandbox::{Component, RunsOn};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    component: ComponentFile,

    /// Compile for every processor of this architecture
    ///
    /// Without this flag, the code may use extensions that other processors lack, and is refused there.
    #[arg(long)]
    portable: bool,

    /// File to write; it is replaced if it exists
    #[arg(value_name = "OUTPUT")]
    output: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    let bytes = component_bytes(arguments.component.file.as_deref())?;
    let (runs_on, processors) = if arguments.portable {
        (RunsOn::Architecture, "every processor of this architecture")
    } else {
        (RunsOn::ThisProcessor, "this processor")
    };
    let compiled = Component::compile(&bytes, &ONE_INSTANCE, runs_on)?;
    write(&arguments.output, &compiled)?;
    let output = arguments.output.display();
    print(&format!(
        "{output}: {} bytes, for this version of portdesk on {processors}\n\
         serve it with: portdesk --component {output}\n",
        compiled.len()
    ))
}

fn write(output: &Path, compiled: &[u8]) -> Result<(), Ended> {
    // Without write permission for the group, because a host refuses compiled code that others could have written.
    let mut file = OpenOptions::new();
    file.write(true).create(true).truncate(true).mode(0o644);
    file.open(output)
        .and_then(|mut file| file.write_all(compiled))
        .map_err(|error| Ended::Failed(format!("{}: cannot be written ({error})", output.display())))
}
