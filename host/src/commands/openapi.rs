//! `portdesk openapi`: prints the contract, or a form of it that other programs import.

use clap::Args;

use super::{Ended, describe, output};
use crate::config::ComponentFile;
use crate::contract::profile::{self, Profile};
use crate::http_url::HttpUrl;

/// The arguments of `portdesk openapi`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    component: ComponentFile,

    /// Form of the contract for a program that imports it: agentcore, openapi-3.0.0 or swagger2
    #[arg(long, value_name = "PROFILE", requires = "server")]
    profile: Option<Profile>,

    /// Address under which that program reaches the API
    #[arg(long, value_name = "URL", requires = "profile")]
    server: Option<HttpUrl>,

    /// Operations of the profile; all, if it is not set
    ///
    /// Repeat the flag or separate the ids with commas. A gateway makes a tool of each.
    #[arg(long, value_name = "ID", value_delimiter = ',', requires = "profile")]
    operations: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    let contract = describe(&arguments.component)?.openapi;
    match (arguments.profile, &arguments.server) {
        (Some(profile), Some(server)) => {
            let document = profile::document(&contract, profile, server, &arguments.operations)?;
            output::print(&format!("{document:#}\n"))
        }
        (None, _) | (_, None) => output::print(&contract),
    }
}
