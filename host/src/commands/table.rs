//! `portdesk table`: the table that `--store dynamodb` keeps items in.

mod policy;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tokio::runtime::Runtime;

use super::output::{note, print};
use super::{Ended, describe};
use crate::backend::Schema;
use crate::backend::dynamodb::table::{Differences, Table};
use crate::config::{Location, TableName};

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
    location: Location,

    /// Component whose items the table is for, in place of the built-in one
    #[arg(long, env = "PORTDESK_COMPONENT", value_name = "FILE",
          value_parser = crate::config::existing())]
    component: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    match &arguments.command {
        Command::Create(target) => {
            let schema = target.schema()?;
            Runtime::new()?.block_on(create(target, &schema))
        }
        Command::Check(target) => {
            let schema = target.schema()?;
            Runtime::new()?.block_on(check(target, &schema))
        }
        Command::Policy(arguments) => policy::run(arguments),
    }
}

impl Target {
    fn schema(&self) -> Result<Schema, Ended> {
        Ok(describe(self.component.as_deref())?.schema)
    }

    async fn connect(&self, schema: &Schema) -> Result<Table, Ended> {
        Ok(Table::connect(&self.location.settings(&self.table.name)?, schema).await?)
    }
}

async fn create(target: &Target, schema: &Schema) -> Result<(), Ended> {
    let (name, table) = (&target.table.name, target.connect(schema).await?);
    if table.create().await? {
        note(&format!("making table {name}"));
    } else {
        note(&format!("table {name} is there already"));
    }
    table.wait(|pending| note(&format!("waiting: {pending}"))).await?;
    report(name, table.check().await?)
}

async fn check(target: &Target, schema: &Schema) -> Result<(), Ended> {
    report(&target.table.name, target.connect(schema).await?.check().await?)
}

fn report(name: &str, differences: Differences) -> Result<(), Ended> {
    let Differences { defects, notes } = differences;
    for text in notes {
        print(&format!("note: {text}\n"))?;
    }
    for defect in &defects {
        print(&format!("differs: {defect}\n"))?;
    }
    if defects.is_empty() {
        return print(&format!("table {name} is as the component needs it\n"));
    }
    Err(Ended::Failed(format!("--table {name}: the table is not as the component needs it")))
}
