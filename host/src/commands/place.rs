//! The keys and plans that a command reads and changes: those of a data folder, or those in a table.

use std::path::PathBuf;
#[cfg(feature = "dynamodb")]
use std::sync::Arc;

use clap::Args;
#[cfg(feature = "dynamodb")]
use tokio::runtime::Runtime;

use super::Ended;
#[cfg(feature = "dynamodb")]
use super::describe;
#[cfg(feature = "dynamodb")]
use crate::backend::dynamodb::DynamoDb;
#[cfg(feature = "dynamodb")]
use crate::config::{ComponentFile, StoreTable};
use crate::config::{DataDir, KeyPlace, KeysSetting};
#[cfg(feature = "dynamodb")]
use crate::door::KeyTable;
use crate::door::{KeyFile, KeyFileContents};
use crate::host::{HostError, data_directory};

/// Where the keys and plans of a command are.
#[derive(Debug, Args)]
pub(super) struct Place {
    #[command(flatten)]
    pub(super) data: DataDir,

    #[command(flatten)]
    keys: KeysSetting,

    #[cfg(feature = "dynamodb")]
    #[command(flatten)]
    pub(super) table: StoreTable,

    /// The component determines the name of the key of the table.
    #[cfg(feature = "dynamodb")]
    #[command(flatten)]
    component: ComponentFile,
}

/// The keys and plans of a place.
pub(super) enum Keys {
    File(KeyFile),
    #[cfg(feature = "dynamodb")]
    Table(OpenTable),
}

/// A table that a command uses.
#[cfg(feature = "dynamodb")]
pub(super) struct OpenTable {
    pub(super) runtime: Runtime,
    pub(super) store: Arc<DynamoDb>,
}

impl Place {
    /// The keys of a folder that exists, or of a table. Commands that create nothing do not create a mistyped folder.
    pub(super) fn existing(&self) -> Result<Keys, Ended> {
        self.keys_in(|| self.folder())
    }

    /// The keys of a folder, which is created if it is missing, or of a table.
    pub(super) fn made(&self) -> Result<Keys, Ended> {
        self.keys_in(|| data_directory(&self.data))
    }

    fn keys_in(&self, folder: impl FnOnce() -> Result<PathBuf, HostError>) -> Result<Keys, Ended> {
        match self.keys.place {
            KeyPlace::File => Ok(Keys::File(KeyFile::new(&folder()?))),
            #[cfg(feature = "dynamodb")]
            KeyPlace::Table => Ok(Keys::Table(self.open_table()?)),
        }
    }

    /// The path of the data folder, which must exist.
    pub(super) fn folder(&self) -> Result<PathBuf, HostError> {
        let path = &self.data.path;
        path.canonicalize().map_err(|error| HostError::DataDir { path: path.clone(), error })
    }

    /// The table that the flags name.
    #[cfg(feature = "dynamodb")]
    pub(super) fn open_table(&self) -> Result<OpenTable, Ended> {
        let name = self.table.name.as_deref();
        let name = name.ok_or_else(|| Ended::WrongUse("--table: name the table with the keys".to_owned()))?;
        let schema = describe(&self.component)?.schema;
        let settings = self.table.location.settings(name)?;
        let runtime = Runtime::new()?;
        let store = Arc::new(runtime.block_on(DynamoDb::connect(&settings, &schema))?);
        Ok(OpenTable { runtime, store })
    }
}

#[cfg(feature = "dynamodb")]
impl OpenTable {
    pub(super) fn keys(&self) -> KeyTable {
        KeyTable::new(Arc::clone(&self.store) as Arc<_>)
    }
}

impl Keys {
    pub(super) fn read(&self) -> Result<KeyFileContents, Ended> {
        match self {
            Keys::File(file) => Ok(file.read()?),
            #[cfg(feature = "dynamodb")]
            Keys::Table(table) => Ok(table.runtime.block_on(table.keys().read())?),
        }
    }

    /// Changes the keys. In a table, `change` is repeated if another writer was faster.
    pub(super) fn update<T>(
        &self,
        change: impl Fn(&mut KeyFileContents) -> Result<T, Ended>,
    ) -> Result<T, Unchanged> {
        let changed = match self {
            Keys::File(file) => file.update(&change).map_err(Ended::from),
            #[cfg(feature = "dynamodb")]
            Keys::Table(table) => match table.runtime.block_on(table.keys().update(&change)) {
                Err(error) if error.is_unknown() => return Err(Unchanged::Perhaps(error.into())),
                other => other.map_err(Ended::from),
            },
        };
        changed.flatten().map_err(Unchanged::Surely)
    }

    /// When hosts apply a change.
    pub(super) fn delay(&self) -> &'static str {
        match self {
            Keys::File(_) => "a running host applies it within a second",
            #[cfg(feature = "dynamodb")]
            Keys::Table(_) => "the hosts of the table apply it within five seconds",
        }
    }

    /// For whom the rate of a plan holds, if there can be several hosts.
    pub(super) fn whose_rate(&self) -> &'static str {
        match self {
            Keys::File(_) => "",
            #[cfg(feature = "dynamodb")]
            Keys::Table(_) => " on each host",
        }
    }
}

/// Why keys were not changed.
pub(super) enum Unchanged {
    /// The answer to the change was lost, so the keys may be changed.
    #[cfg(feature = "dynamodb")]
    Perhaps(Ended),
    /// Nothing was changed.
    Surely(Ended),
}

impl From<Unchanged> for Ended {
    fn from(unchanged: Unchanged) -> Ended {
        match unchanged {
            #[cfg(feature = "dynamodb")]
            Unchanged::Perhaps(ended) => ended,
            Unchanged::Surely(ended) => ended,
        }
    }
}
