//! `portdesk key`: the keys of a data folder.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::Ended;
use crate::config::DataDir;
use crate::door::{ApiKey, KeyFile, KeyRecord};
use crate::host::{StartError, data_directory};

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

        #[command(flatten)]
        data: DataDir,
    },
    /// List all keys, without their secrets
    List {
        #[command(flatten)]
        data: DataDir,
    },
    /// Close the door to a key for good
    Revoke {
        /// The id of the key, as `list` shows it
        id: String,

        #[command(flatten)]
        data: DataDir,
    },
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    match &arguments.command {
        Command::Create { name, data } => create(&KeyFile::new(&data_directory(data)?), name),
        // Where there is no folder there is no key: a mistyped folder must not be made.
        Command::List { data } => list(&KeyFile::new(&existing(data)?)),
        Command::Revoke { id, data } => revoke(&KeyFile::new(&existing(data)?), id),
    }
}

fn existing(data: &DataDir) -> Result<PathBuf, StartError> {
    data.path.canonicalize().map_err(|error| StartError::DataDir { path: data.path.clone(), error })
}

fn create(file: &KeyFile, name: &str) -> Result<(), Ended> {
    let key = ApiKey::generate();
    file.update(|keys| keys.push(KeyRecord::new(&key, name)))?;
    eprintln!("made key {} ({name}); it is shown this once, only its hash is kept:", key.id);
    println!("{}", key.secret);
    Ok(())
}

fn list(file: &KeyFile) -> Result<(), Ended> {
    for key in file.read()? {
        let state = key.revoked_at.map_or("active".into(), |at| format!("revoked {at:.0}"));
        println!("{}  {:.0}  {state}  {}", key.id, key.created_at, key.name);
    }
    Ok(())
}

fn revoke(file: &KeyFile, id: &str) -> Result<(), Ended> {
    let revoked = file.update(|keys| {
        let key = keys.iter_mut().find(|key| key.id == id)?;
        Some(*key.revoked_at.get_or_insert_with(Timestamp::now))
    });
    match revoked? {
        Some(at) => println!("key {id} is revoked since {at:.0}"),
        None => return Err(Ended::Failed(format!("there is no key with the id {id}; `key list` shows all"))),
    }
    Ok(())
}

fn name(name: &str) -> Result<String, String> {
    let good = (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    good.then(|| name.to_owned())
        .ok_or_else(|| "a name has 1 to 64 characters, none a control character".into())
}
