//! `portdesk space`: worlds of their own for tests.

use clap::{Args, Subcommand};
use hyper::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Target, people};
use crate::commands::Ended;
use crate::config::name;

#[derive(Debug, Subcommand)]
pub(in crate::commands) enum Command {
    /// Create a space in memory and print its keys; they are not shown again
    Create(Box<Create>),
    /// Drop a space, its items and its keys
    Drop {
        /// Name of the space
        #[arg(value_parser = name)]
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// List all spaces
    List {
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Debug, Args)]
pub(in crate::commands) struct Create {
    /// Name of the space: 1 to 64 lower-case letters, digits and `-`
    #[arg(value_parser = name)]
    name: String,

    /// Snapshot of the space `main` whose items it begins with
    #[arg(long, value_name = "SNAPSHOT", value_parser = name)]
    from: Option<String>,

    /// Seed of its chance
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Time at which its clock begins, in steps of a millisecond for each request
    #[arg(long, value_name = "TIME")]
    clock: Option<Timestamp>,

    /// Usage plan of its clients; without it, no limits apply
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,

    /// Name of a client, which gets a key; repeat the flag for more
    #[arg(long = "client", value_name = "NAME", value_parser = name)]
    clients: Vec<String>,

    #[command(flatten)]
    target: Target,
}

pub(super) fn run(command: &Command) -> Result<(), Ended> {
    match command {
        Command::Create(create) => {
            create.target.perform(Method::POST, "/v1/spaces", Some(&body(create)), people::lines)
        }
        Command::Drop { name, target } => {
            let shown = |_: &Value| format!("the space {name} is dropped\n");
            target.perform(Method::DELETE, &format!("/v1/spaces/{name}"), None, shown)
        }
        Command::List { target } => target.perform(Method::GET, "/v1/spaces", None, people::lines),
    }
}

fn body(create: &Create) -> Value {
    let clients = (!create.clients.is_empty()).then_some(&create.clients);
    let mut body = json!({
        "name": create.name,
        "from": create.from,
        "seed": create.seed,
        "clock": create.clock.map(|at| json!({"mode": "stepping", "at": at})),
        "plan": create.plan,
        "clients": clients,
    });
    if let Value::Object(members) = &mut body {
        members.retain(|_, value| !value.is_null());
    }
    body
}
