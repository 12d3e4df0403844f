//! Why a host cannot be opened.

use std::io;
use std::path::PathBuf;

use super::{DisposableError, FirstStateError};
#[cfg(feature = "dynamodb")]
use crate::backend::dynamodb;
use crate::backend::embedded::OpenError;
use crate::clock::ClockError;
#[cfg(feature = "dynamodb")]
use crate::config;
use crate::door::{KeyFileError, KeyTableError};
use crate::mcp::UnknownToolError;
use crate::sandbox::LoadError;
use crate::telemetry::{CollectorError, MetricsError};

/// Why a host cannot be opened: a sentence that names the flag to change.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The file of `--component` cannot be read.
    #[error("--component {}: the file cannot be read ({error})", file.display())]
    Component {
        /// The file.
        file: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The data folder cannot be used.
    #[error("--data-dir {}: the folder cannot be made or used ({error})", path.display())]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Controls are not allowed over this data folder.
    #[error(transparent)]
    Disposable(#[from] DisposableError),
    /// The keys cannot be read.
    #[error("--data-dir: {0}")]
    Keys(#[from] KeyFileError),
    /// The keys in the table cannot be read.
    #[error("--keys table: {0}")]
    KeyTable(#[from] KeyTableError),
    /// The items are not in a table.
    #[error("--keys table: keys are in the table that has the items; give --store dynamodb too")]
    KeysWithoutTable,
    /// The clock of `--clock` cannot be used.
    #[error("--clock: {0}")]
    Clock(#[from] ClockError),
    /// The component cannot be served.
    #[error("--component: {0}")]
    Load(#[from] LoadError),
    /// The host cannot begin with the state that the settings ask for.
    #[error(transparent)]
    FirstState(#[from] FirstStateError),
    /// The metrics cannot be counted.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// An agent cannot get a tool.
    #[error(transparent)]
    Tool(#[from] UnknownToolError),
    /// Spans cannot be sent.
    #[error(transparent)]
    Spans(#[from] CollectorError),
    /// The table cannot be served from.
    #[cfg(feature = "dynamodb")]
    #[error(transparent)]
    Table(#[from] dynamodb::OpenError),
    /// A variable says wrongly where the table is.
    #[cfg(feature = "dynamodb")]
    #[error(transparent)]
    Location(#[from] config::LocationError),
    /// The store cannot be opened.
    #[error("--data-dir: {0}")]
    Store(#[from] OpenError),
}
