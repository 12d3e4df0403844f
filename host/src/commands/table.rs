//! `portdesk table`: the table in which `--store dynamodb` keeps items.

mod policy;

use clap::{Args, Subcommand};
use tokio::runtime::Runtime;

use super::output::{BAD, GOOD, note, print, print_styled};
use super::{Ended, describe};
use crate::backend::dynamodb::table::{Differences, Table};
use crate::config::{ComponentFile, Location, TableName};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create the table if it is missing, wait until it can be used, and check it
    Create(Target),
    /// Print how the table differs from what the component needs; exit code 1 if it differs
    Check(Target),
    /// Print an IAM policy that allows a host exactly what it needs
    Policy(policy::Arguments),
}

#[derive(Debug, Args)]
pub(super) struct Target {
    #[command(flatten)]
    table: TableName,

    #[command(flatten)]
    location: Location,

    #[command(flatten)]
    component: ComponentFile,
}

pub(super) fn run(command: &Command) -> Result<(), Ended> {
    let (target, creates) = match command {
        Command::Create(target) => (target, true),
        Command::Check(target) => (target, false),
        Command::Policy(arguments) => return policy::run(arguments),
    };
    let schema = describe(&target.component)?.schema;
    Runtime::new()?.block_on(async {
        let name = &target.table.name;
        let table = Table::connect(&target.location.settings(name)?, &schema).await?;
        if creates {
            create(name, &table).await?;
        }
        report(name, table.check().await?)
    })
}

async fn create(name: &str, table: &Table) -> Result<(), Ended> {
    if table.create().await? {
        note(&format!("making table {name}"));
    } else {
        note(&format!("table {name} is there already"));
    }
    Ok(table.wait(|pending| note(&format!("waiting: {pending}"))).await?)
}

fn report(name: &str, differences: Differences) -> Result<(), Ended> {
    let Differences { defects, notes } = differences;
    for text in notes {
        print(&format!("note: {text}\n"))?;
    }
    for defect in &defects {
        print_styled(&format!("{BAD}differs:{BAD:#} {defect}\n"))?;
    }
    if defects.is_empty() {
        return print_styled(&format!("{GOOD}table {name} is as the component needs it{GOOD:#}\n"));
    }
    Err(Ended::Failed(format!("--table {name}: the table is not as the component needs it")))
}
