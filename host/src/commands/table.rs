//! `portdesk table`: the table that `--store dynamodb` keeps items in.

mod policy;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tokio::runtime::Runtime;

use super::{Ended, describe};
use crate::backend::dynamodb::table::{Differences, Table};
use crate::config::{Place, TableName};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the table where it is missing, wait until it can be used, and check it
    Create(Target),
    /// Say in what the table differs from what the component needs; exit code 1 where it does
    Check(Target),
    /// Print the IAM policy with what a host must be allowed, and nothing more
    Policy(policy::Arguments),
}

#[derive(Debug, Args)]
struct Target {
    #[command(flatten)]
    table: TableName,

    #[command(flatten)]
    place: Place,

    /// Component whose items the table is for, in place of the built-in one
    #[arg(long, env = "PORTDESK_COMPONENT", value_name = "FILE")]
    component: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    match &arguments.command {
        Command::Create(target) => with_table(target, create),
        Command::Check(target) => with_table(target, check),
        Command::Policy(arguments) => policy::run(arguments),
    }
}

fn with_table(
    target: &Target,
    command: impl AsyncFn(&str, &Table) -> Result<(), Ended>,
) -> Result<(), Ended> {
    let schema = describe(target.component.as_deref())?.schema;
    let name = &target.table.name;
    Runtime::new()?.block_on(async {
        command(name, &Table::connect(&target.place.settings(name), &schema).await?).await
    })
}

async fn create(name: &str, table: &Table) -> Result<(), Ended> {
    if table.create().await? {
        eprintln!("making table {name}");
    } else {
        eprintln!("table {name} is there already");
    }
    table.wait(|pending| eprintln!("waiting: {pending}")).await?;
    check(name, table).await
}

async fn check(name: &str, table: &Table) -> Result<(), Ended> {
    let Differences { defects, notes } = table.check().await?;
    for note in notes {
        println!("note: {note}");
    }
    for defect in &defects {
        println!("differs: {defect}");
    }
    if defects.is_empty() {
        println!("table {name} is as the component needs it");
        return Ok(());
    }
    Err(Ended::Failed(format!("--table {name}: the table is not as the component needs it")))
}
