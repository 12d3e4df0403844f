//! `portdesk openapi`: prints the contract of a component.

use std::path::PathBuf;

use clap::Args;

use super::output::print;
use super::{Ended, describe};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Component to ask in place of the built-in one
    #[arg(long, env = "PORTDESK_COMPONENT", value_name = "FILE",
          value_parser = crate::config::existing())]
    component: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    print(&describe(arguments.component.as_deref())?.openapi)
}
