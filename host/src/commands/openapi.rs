//! `portdesk openapi`: prints the contract of a component.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use tokio::runtime::Runtime;

use super::Ended;
use crate::host::component_bytes;
use crate::sandbox::{Component, Isolation, Limits};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Component to ask in place of the built-in one
    #[arg(long, env = "PORTDESK_COMPONENT", value_name = "FILE")]
    component: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    let bytes = component_bytes(arguments.component.as_deref())?;
    let limits = Limits { isolation: Isolation::Fresh, instances: 1, memory_bytes: 64 << 20 };
    let runtime = Runtime::new()?;
    let description = runtime.block_on(async { Component::load(&bytes, limits)?.describe().await })?;
    io::stdout().write_all(description.openapi.as_bytes())?;
    Ok(())
}
