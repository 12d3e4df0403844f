//! `portdesk key`: the keys of a data folder.

mod list;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::Ended;
use super::output::{note, print, print_key};
use crate::config::DataDir;
use crate::door::{DEFAULT_PLAN, KeyFile, KeyFileContents, KeyFileError, KeyRecord, NewKey};
use crate::host::{HostError, data_directory};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key and print it, this once
    Create {
        /// What to call it, for example the program that will use it; 1 to 64 characters
        #[arg(value_parser = name)]
        name: String,

        /// Its usage plan, as `portdesk plan list` shows it
        #[arg(long, value_name = "PLAN", default_value = DEFAULT_PLAN)]
        plan: String,

        #[command(flatten)]
        data: DataDir,
    },
    /// List all keys with their plans and what they have used, without their secrets
    List(list::Arguments),
    /// Close the door to a key for good; another key of its client stays open
    Revoke {
        /// The id of the key, as `list` shows it
        id: String,

        #[command(flatten)]
        data: DataDir,
    },
    /// Make a second key for the client of a key and print it, this once; the first opens until it is revoked.
    /// Both share a plan, a quota and what Idempotency-Key counts for
    Rotate {
        /// The id of the key, as `list` shows it
        id: String,

        #[command(flatten)]
        data: DataDir,
    },
    /// Put the client of a key on another usage plan
    Attach {
        /// The id of the key, as `list` shows it
        id: String,

        /// The usage plan, as `portdesk plan list` shows it
        #[arg(long, value_name = "PLAN")]
        plan: String,

        #[command(flatten)]
        data: DataDir,
    },
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    match &arguments.command {
        Command::Create { name, plan, data } => create(&KeyFile::new(&data_directory(data)?), name, plan),
        Command::List(arguments) => list::run(arguments),
        Command::Revoke { id, data } => revoke(&KeyFile::new(&existing(data)?), id),
        Command::Rotate { id, data } => rotate(&KeyFile::new(&existing(data)?), id),
        Command::Attach { id, plan, data } => attach(&KeyFile::new(&existing(data)?), id, plan),
    }
}

/// The data folder. Where there is none there is no key: a mistyped folder must not be made.
pub(super) fn existing(data: &DataDir) -> Result<PathBuf, HostError> {
    data.path.canonicalize().map_err(|error| HostError::DataDir { path: data.path.clone(), error })
}

/// A key that could not be printed must not be valid, since nobody would know it. So it is printed before it is stored; but
/// what the file alone can refuse is asked first.
fn create(file: &KeyFile, name: &str, plan: &str) -> Result<(), Ended> {
    named(&file.read()?, plan)?;
    let key = NewKey::generate();
    print_key(&key.secret)?;
    let stored = file.update(|contents| {
        let plan = named(contents, plan)?;
        contents.keys.push(KeyRecord { plan, ..KeyRecord::new(&key, name) });
        Ok::<_, Ended>(())
    });
    valid(&key, name, stored)
}

/// Says what became of a key that was printed.
fn valid(key: &NewKey, name: &str, stored: Result<Result<(), Ended>, KeyFileError>) -> Result<(), Ended> {
    match stored.map_err(Ended::from).and_then(|stored| stored) {
        Ok(()) => {
            note(&format!(
                "key {} ({name}) is valid; it is shown only this once, because only its hash is kept",
                key.id
            ));
            Ok(())
        }
        Err(Ended::Failed(why)) => {
            Err(Ended::Failed(format!("{why}; the key that was printed is not valid")))
        }
        Err(other @ (Ended::WrongUse(_) | Ended::Explained)) => Err(other),
    }
}

/// A plan as a key names it; the default plan is named by saying nothing.
fn named(contents: &KeyFileContents, plan: &str) -> Result<Option<String>, Ended> {
    match contents.plan(plan) {
        Some(plan) => Ok((plan.name != DEFAULT_PLAN).then_some(plan.name)),
        None => Err(Ended::Failed(format!("there is no plan {plan}; `plan list` shows all"))),
    }
}

fn revoke(file: &KeyFile, id: &str) -> Result<(), Ended> {
    let revoked = file.update(|contents| {
        let key = contents.keys.iter_mut().find(|key| key.id == id).ok_or_else(|| unknown(id))?;
        Ok::<_, Ended>(*key.revoked_at.get_or_insert_with(Timestamp::now))
    })??;
    print(&format!("key {id} is revoked since {revoked:.0}\n"))
}

fn rotate(file: &KeyFile, id: &str) -> Result<(), Ended> {
    let key = NewKey::generate();
    let name = second(&file.read()?, id, &key)?.name;
    print_key(&key.secret)?;
    let stored = file.update(|contents| {
        let second = second(contents, id, &key)?;
        contents.keys.push(second);
        Ok::<_, Ended>(())
    });
    valid(&key, &name, stored)?;
    note(&format!("key {id} is valid too, until `portdesk key revoke {id}`"));
    Ok(())
}

/// What to keep of a second key for the client of the key `id`, if that client may have one.
fn second(contents: &KeyFileContents, id: &str, key: &NewKey) -> Result<KeyRecord, Ended> {
    let first = find(contents, id)?;
    if first.revoked_at.is_some() {
        return Err(Ended::Failed(format!(
            "key {id} is revoked, which is for good; `key create` makes another"
        )));
    }
    let second = first.rotated(key);
    let live = |other: &&KeyRecord| other.client() == second.client() && other.revoked_at.is_none();
    if let Some(other) = contents.keys.iter().filter(live).find(|other| other.id != id) {
        let other = &other.id;
        return Err(Ended::Failed(format!(
            "its client has two keys already, {id} and {other}; revoke one first"
        )));
    }
    Ok(second)
}

fn attach(file: &KeyFile, id: &str, plan: &str) -> Result<(), Ended> {
    let client = file.update(|contents| {
        let plan = named(contents, plan)?;
        let client = find(contents, id)?.client().to_owned();
        for key in contents.keys.iter_mut().filter(|key| key.client() == client) {
            key.plan.clone_from(&plan);
        }
        Ok::<_, Ended>(client)
    })??;
    print(&format!("all keys of {client} are on plan {plan}\n"))
}

fn find<'a>(contents: &'a KeyFileContents, id: &str) -> Result<&'a KeyRecord, Ended> {
    contents.keys.iter().find(|key| key.id == id).ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Ended {
    Ended::Failed(format!("there is no key with the id {id}; `key list` shows all"))
}

fn name(name: &str) -> Result<String, String> {
    let good = (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    good.then(|| name.to_owned())
        .ok_or_else(|| "a name has 1 to 64 characters, none a control character".into())
}
