//! `portdesk plan`: the usage plans of a data folder or of a table.

use std::fmt::Write;
use std::num::{NonZeroU32, NonZeroU64};

use clap::{Args, Subcommand};

use super::Ended;
use super::output::print;
use super::place::{Keys, Place};
use crate::door::{DEFAULT_PLAN, KeyFileContents, Period, Plan, Quota};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a usage plan
    Create(Create),
    /// List all usage plans
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Delete a usage plan that no active key has; if it is `default`, restore the original
    Delete {
        /// Name of the plan
        name: String,

        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Name of the plan: 1 to 64 letters, digits, `-`, `_` and `.`; keys without another plan have `default`
    #[arg(value_parser = name)]
    name: String,

    /// Requests a second on each host, 1 to 100000
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,

    /// Most requests in one burst on each host, 1 to 1000000
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    burst: u32,

    /// Requests in a period, from 1, or `none` for no limit; hosts that share a table count them together
    #[arg(long, value_name = "COUNT", default_value = "10000", value_parser = quota)]
    quota: Limit,

    /// Period of the quota, in UTC; a week begins on Monday
    #[arg(long, value_name = "PERIOD", default_value = "month")]
    period: Period,

    /// Refuse every request that may change something, and hide such tools from agents
    #[arg(long)]
    read_only: bool,

    /// Replace the plan of this name, if there is one
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    place: Place,
}

pub(super) fn run(command: &Command) -> Result<(), Ended> {
    match command {
        Command::Create(arguments) => create(arguments),
        Command::List { place } => list(&place.existing()?),
        Command::Delete { name, place } => delete(&place.existing()?, name),
    }
}

fn create(create: &Create) -> Result<(), Ended> {
    let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    let plan = Plan {
        name: create.name.clone(),
        rate_per_second: number(create.rate),
        burst: number(create.burst),
        quota: create.quota.0.map(|requests| Quota { requests, period: create.period }),
        read_only: create.read_only,
    };
    let keys = create.place.made()?;
    keys.update(|contents| {
        if contents.plan(&plan.name).is_some() && !create.replace {
            let name = &plan.name;
            return Err(Ended::Failed(format!("there is a plan {name}; `--replace` changes it")));
        }
        contents.plans.retain(|other| other.name != plan.name);
        contents.plans.push(plan.clone());
        Ok(())
    })?;
    print(&format!("{}\n", text(&plan, &keys)))
}

fn list(keys: &Keys) -> Result<(), Ended> {
    let contents = keys.read()?;
    let others = contents.plans.iter().filter(|plan| plan.name != DEFAULT_PLAN).cloned();
    let mut out = String::new();
    for plan in contents.plan(DEFAULT_PLAN).into_iter().chain(others) {
        writeln!(out, "{}, {} active keys", text(&plan, keys), active_keys(&contents, &plan.name))?;
    }
    print(&out)
}

fn text(plan: &Plan, keys: &Keys) -> String {
    let Plan { name, rate_per_second, burst, quota, read_only } = plan;
    let quota = quota.map_or("no quota".to_owned(), |Quota { requests, period }| {
        format!("{requests} a {}", period.word())
    });
    let read_only = if *read_only { ", read only" } else { "" };
    let whose = keys.whose_rate();
    format!("{name}  {rate_per_second} requests a second{whose}, burst {burst}, {quota}{read_only}")
}

/// How many keys that are not revoked have a plan.
fn active_keys(contents: &KeyFileContents, plan: &str) -> usize {
    let on = |name: &Option<String>| name.as_deref().unwrap_or(DEFAULT_PLAN) == plan;
    contents.keys.iter().filter(|key| key.revoked_at.is_none() && on(&key.plan)).count()
}

fn delete(keys: &Keys, name: &str) -> Result<(), Ended> {
    keys.update(|contents| {
        let active = active_keys(contents, name);
        if active > 0 && name != DEFAULT_PLAN {
            let advice = "`portdesk key attach` gives them another plan";
            return Err(Ended::Failed(format!("{active} active keys are on plan {name}; {advice}")));
        }
        let before = contents.plans.len();
        contents.plans.retain(|plan| plan.name != name);
        if contents.plans.len() == before {
            return Err(Ended::Failed(format!(
                "there is no plan {name} to delete; run `portdesk plan list` to list all plans"
            )));
        }
        // A revoked key must not name a plan that does not exist.
        for key in contents.keys.iter_mut().filter(|key| key.plan.as_deref() == Some(name)) {
            key.plan = None;
        }
        Ok(())
    })?;
    print(&format!("plan {name} is deleted\n"))
}

fn name(name: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let good = (1..=64).contains(&name.len()) && name.bytes().all(allowed);
    good.then(|| name.to_owned()).ok_or_else(|| "a name has 1 to 64 letters, digits, `-`, `_` and `.`".into())
}

/// A quota; `None` for no limit. clap gives `Option` another meaning, so it is wrapped.
#[derive(Debug, Clone, Copy)]
struct Limit(Option<NonZeroU64>);

fn quota(text: &str) -> Result<Limit, String> {
    if text == "none" {
        return Ok(Limit(None));
    }
    let requests = text.parse().ok().filter(|requests: &NonZeroU64| requests.get() <= MOST_REQUESTS);
    let requests =
        requests.ok_or_else(|| format!("a quota is a number from 1 to {MOST_REQUESTS}, or `none`"))?;
    Ok(Limit(Some(requests)))
}

const MOST_REQUESTS: u64 = 1_000_000_000_000;
