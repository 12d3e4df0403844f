//! `portdesk key list`: all keys, their plans, and the use of their clients in the current period.

use std::collections::HashMap;
use std::fmt::Write;

use clap::Args;
use jiff::Timestamp;

use super::super::Ended;
use super::super::output::{GOOD, PAST, print_styled};
#[cfg(feature = "dynamodb")]
use super::super::place::OpenTable;
use super::super::place::{Keys, Place};
#[cfg(feature = "dynamodb")]
use crate::backend::QuotaStore;
use crate::backend::{Count, embedded};
use crate::door::{DEFAULT_PLAN, ENVIRONMENT_KEY_ID, KeyRecord, Plan};

#[derive(Debug, Args)]
pub(in crate::commands) struct Arguments {
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    let keys = arguments.place.existing()?;
    let contents = keys.read()?;
    let default = contents.plan(DEFAULT_PLAN).unwrap_or_else(Plan::default_plan);
    let of_environment = (ENVIRONMENT_KEY_ID.to_owned(), default.clone());
    let plan = |key: &KeyRecord| key.plan.as_deref().and_then(|name| contents.plan(name));
    let plan = |key: &KeyRecord| plan(key).unwrap_or_else(|| default.clone());
    let clients = contents.keys.iter().map(|key| (key.client().to_owned(), plan(key)));
    let used = used(&arguments.place, &keys, clients.chain([of_environment]).collect())?;
    let mut out = String::new();
    for key in &contents.keys {
        let active = || format!("{GOOD}active{GOOD:#}");
        let state = key.revoked_at.map_or_else(active, |at| format!("{PAST}revoked {at:.0}{PAST:#}"));
        let usage = usage(&plan(key), used.get(key.client()).copied());
        let client = key.client.as_ref().map_or(String::new(), |client| format!("  (client {client})"));
        writeln!(out, "{}  {:.0}  {state}  {usage}  {}{client}", key.id, key.created_at, key.name)?;
    }
    if let Some(counted) = used.get(ENVIRONMENT_KEY_ID) {
        let usage = usage(&default, Some(*counted));
        writeln!(out, "{ENVIRONMENT_KEY_ID}  {usage}  (the key of PORTDESK_API_KEY)")?;
    }
    print_styled(&out)
}

/// A plan and the used part of its quota. The part is `-` if no host has counted for the client.
fn usage(plan: &Plan, used: Option<u64>) -> String {
    let Some(quota) = plan.quota else { return format!("plan {}, no quota", plan.name) };
    let used = used.map_or("-".to_owned(), |used| used.to_string());
    format!("plan {}, {used}/{} this {}", plan.name, quota.requests, quota.period.word())
}

/// The requests of each client in the current period of its plan.
type Used = HashMap<String, u64>;

/// The use that the hosts of a table have counted, if the keys are there or --table names one. Otherwise that of the host of the data
/// folder.
fn used(place: &Place, keys: &Keys, clients: HashMap<String, Plan>) -> Result<Used, Ended> {
    let now = Timestamp::now();
    let counts = clients.into_iter().filter_map(|(client, plan)| {
        let window = plan.quota?.period.window(now).name;
        Some(Count { client: client.into(), window: window.into() })
    });
    match keys {
        #[cfg(feature = "dynamodb")]
        Keys::Table(table) => used_in(table, counts),
        #[cfg(feature = "dynamodb")]
        Keys::File(_) if place.table.name.is_some() => used_in(&place.open_table()?, counts),
        Keys::File(_) => {
            let counted: HashMap<Count, u64> = embedded::quota::read(&place.folder()?)?.into_iter().collect();
            Ok(counts.filter_map(|count| Some((count.client.to_string(), *counted.get(&count)?))).collect())
        }
    }
}

#[cfg(feature = "dynamodb")]
fn used_in(table: &OpenTable, counts: impl Iterator<Item = Count>) -> Result<Used, Ended> {
    table.runtime.block_on(async {
        let mut used = Used::new();
        for count in counts {
            let counted = table.store.used(&count).await?;
            // Whether a host has a key in its environment shows only in a count.
            if counted > 0 || &*count.client != ENVIRONMENT_KEY_ID {
                used.insert(count.client.to_string(), counted);
            }
        }
        Ok(used)
    })
}
