//! `portdesk key`: the keys of a data folder or of a table.

mod list;
#[cfg(feature = "dynamodb")]
mod share;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::Ended;
use super::output::{note, print, print_key};
use super::place::{Keys, Place, Unchanged};
use crate::door::{DEFAULT_PLAN, KeyFileContents, KeyRecord, NewKey};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a key and print it; it is not shown again
    Create {
        /// Name of the key, for example the program that will use it; 1 to 64 characters
        #[arg(value_parser = name)]
        name: String,

        /// Usage plan of the key, as `portdesk plan list` shows it
        #[arg(long, value_name = "PLAN", default_value = DEFAULT_PLAN)]
        plan: String,

        #[command(flatten)]
        place: Place,
    },
    /// List all keys with their plans and their use, without their secrets
    ///
    /// With --table, the use is what the hosts of that table have counted, including the batches that they hold.
    List(list::Arguments),
    /// Revoke a key for good; another key of the same client stays valid
    Revoke(Target),
    /// Create a second key for the client of a key and print it; the first key is valid until it is revoked.
    /// Both keys share the plan, the quota and the values of Idempotency-Key
    Rotate(Target),
    /// Give the client of a key another usage plan
    Attach {
        #[command(flatten)]
        target: Target,

        /// Usage plan, as `portdesk plan list` shows it
        #[arg(long, value_name = "PLAN")]
        plan: String,
    },
    /// Remove a revoked key from the list
    Forget(Target),
    /// Copy the keys and plans of a data folder to a table, for hosts with `--keys table`
    ///
    /// The data folder keeps them.
    #[cfg(feature = "dynamodb")]
    Share(share::Arguments),
}

#[derive(Debug, Args)]
pub(super) struct Target {
    /// Id of the key, as `list` shows it
    id: String,

    #[command(flatten)]
    place: Place,
}

pub(super) fn run(command: &Command) -> Result<(), Ended> {
    match command {
        Command::Create { name, plan, place } => create(&place.made()?, name, plan),
        Command::List(arguments) => list::run(arguments),
        Command::Revoke(Target { id, place }) => revoke(&place.existing()?, id),
        Command::Rotate(Target { id, place }) => rotate(&place.existing()?, id),
        Command::Attach { target: Target { id, place }, plan } => attach(&place.existing()?, id, plan),
        Command::Forget(Target { id, place }) => forget(&place.existing()?, id),
        #[cfg(feature = "dynamodb")]
        Command::Share(arguments) => share::run(arguments),
    }
}

/// Prints a new key and then stores what `record` makes of it. A key that could not be printed must not become valid,
/// because nobody would have it.
fn issue(
    keys: &Keys,
    record: impl Fn(&KeyFileContents, &NewKey) -> Result<KeyRecord, Ended>,
) -> Result<(), Ended> {
    let key = NewKey::generate();
    // The reasons to refuse are checked before the key is printed, and again when it is stored.
    let KeyRecord { id, name, .. } = record(&keys.read()?, &key)?;
    print_key(&key.secret)?;
    let stored = keys.update(|contents| {
        let record = record(contents, &key)?;
        contents.keys.push(record);
        Ok(())
    });
    match stored {
        Ok(()) => {
            let delay = keys.delay();
            note(&format!(
                "key {id} ({name}) is valid; it is shown only this once, because only its hash is kept ({delay})"
            ));
            Ok(())
        }
        Err(Unchanged::Surely(Ended::Failed(why))) => {
            Err(Ended::Failed(format!("{why}; the key that was printed is not valid")))
        }
        Err(unchanged) => Err(unchanged.into()),
    }
}

fn create(keys: &Keys, name: &str, plan: &str) -> Result<(), Ended> {
    issue(keys, |contents, key| Ok(KeyRecord { plan: named(contents, plan)?, ..KeyRecord::new(key, name) }))
}

/// The plan as a key record names it: a record with the default plan names none.
fn named(contents: &KeyFileContents, plan: &str) -> Result<Option<String>, Ended> {
    match contents.plan(plan) {
        Some(plan) => Ok((plan.name != DEFAULT_PLAN).then_some(plan.name)),
        None => {
            Err(Ended::Failed(format!("there is no plan {plan}; run `portdesk plan list` to list all plans")))
        }
    }
}

fn revoke(keys: &Keys, id: &str) -> Result<(), Ended> {
    let revoked = keys.update(|contents| {
        let key = contents.keys.iter_mut().find(|key| key.id == id).ok_or_else(|| unknown(id))?;
        Ok(*key.revoked_at.get_or_insert_with(Timestamp::now))
    })?;
    print(&format!("key {id} is revoked since {revoked:.0}; {}\n", keys.delay()))
}

fn rotate(keys: &Keys, id: &str) -> Result<(), Ended> {
    issue(keys, |contents, key| second(contents, id, key))?;
    note(&format!("key {id} is valid too, until `portdesk key revoke {id}`"));
    Ok(())
}

/// The record of a second key for the client of the key `id`. A client has at most two keys that are not revoked.
fn second(contents: &KeyFileContents, id: &str, key: &NewKey) -> Result<KeyRecord, Ended> {
    let first = find(contents, id)?;
    if first.revoked_at.is_some() {
        return Err(Ended::Failed(format!("key {id} is revoked for good; `key create` creates another")));
    }
    let second = first.rotated(key);
    let live = |other: &&KeyRecord| other.client() == second.client() && other.revoked_at.is_none();
    if let Some(other) = contents.keys.iter().filter(live).find(|other| other.id != id) {
        let other = &other.id;
        return Err(Ended::Failed(format!(
            "the client already has two keys, {id} and {other}; revoke one first"
        )));
    }
    Ok(second)
}

fn attach(keys: &Keys, id: &str, plan: &str) -> Result<(), Ended> {
    let client = keys.update(|contents| {
        let plan = named(contents, plan)?;
        let client = find(contents, id)?.client().to_owned();
        for key in contents.keys.iter_mut().filter(|key| key.client() == client) {
            key.plan.clone_from(&plan);
        }
        Ok(client)
    })?;
    print(&format!("all keys of {client} are on plan {plan}\n"))
}

/// Removes a revoked key. The last key stays, because a host with an empty key file makes a first key.
fn forget(keys: &Keys, id: &str) -> Result<(), Ended> {
    keys.update(|contents| {
        if find(contents, id)?.revoked_at.is_none() {
            return Err(Ended::Failed(format!("key {id} is valid; `portdesk key revoke {id}` ends it")));
        }
        if contents.keys.len() == 1 {
            return Err(Ended::Failed(format!("key {id} is the only key in the list, so it stays there")));
        }
        contents.keys.retain(|key| key.id != id);
        Ok(())
    })?;
    print(&format!("key {id} is forgotten\n"))
}

fn find<'a>(contents: &'a KeyFileContents, id: &str) -> Result<&'a KeyRecord, Ended> {
    contents.keys.iter().find(|key| key.id == id).ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Ended {
    Ended::Failed(format!("there is no key with the id {id}; run `portdesk key list` to list all keys"))
}

fn name(name: &str) -> Result<String, String> {
    let good = (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    good.then(|| name.to_owned())
        .ok_or_else(|| "a name has 1 to 64 characters and no control characters".into())
}
