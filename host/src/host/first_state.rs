//! The state with which a host for tests begins: a snapshot, and the steps of a scenario.

use std::path::PathBuf;
use std::sync::Arc;

use crate::backend::SnapshotName;
use crate::config;
use crate::files::{self, ReadError};
use crate::journal::Via;
use crate::pipeline::Pipeline;
use crate::scenario::{self, FILE_LIMIT_BYTES, FileError, Mode, Scenario, SpaceWorld};
use crate::space::SpaceError;

/// Puts the items of a snapshot and of a scenario into the space `main`, as the settings ask for.
pub(super) async fn prepare(
    console: &config::Console,
    pipeline: &Arc<Pipeline>,
) -> Result<(), FirstStateError> {
    let Some(spaces) = &pipeline.spaces else { return Ok(()) };
    let space = Arc::clone(spaces.main());
    if let Some(name) = &console.restore {
        space.restore(name).await.map_err(|error| FirstStateError::Restore(name.clone(), Box::new(error)))?;
    }
    let Some(file) = &console.scenario else { return Ok(()) };
    let bytes = files::read(file, FILE_LIMIT_BYTES as u64);
    let bytes = bytes.map_err(|error| FirstStateError::Unread { file: file.clone(), error })?;
    let scenario = Scenario::parse(&bytes, &pipeline.contract);
    let scenario =
        scenario.map_err(|error| FirstStateError::Scenario { file: file.clone(), error: Box::new(error) })?;
    let (pipeline, spaces) = (Arc::clone(pipeline), Arc::clone(spaces));
    let world = SpaceWorld { pipeline, spaces, space, via: Via::Seed };
    let report = scenario::run(&scenario, &world, Mode::Seed).await;
    if report.held {
        Ok(())
    } else {
        Err(FirstStateError::NotHeld { file: file.clone(), report: report.to_string() })
    }
}

/// Why a host cannot begin with the state that the settings ask for.
#[derive(Debug, thiserror::Error)]
pub enum FirstStateError {
    /// A step of the scenario failed.
    #[error("--scenario {}: a step did not succeed\n{report}", file.display())]
    NotHeld {
        /// The file.
        file: PathBuf,
        /// What came of each step.
        report: String,
    },
    /// The snapshot cannot be restored.
    #[error("--restore {0}: {1}")]
    Restore(SnapshotName, Box<SpaceError>),
    /// The file is not a scenario.
    #[error("--scenario {}: {error}", file.display())]
    Scenario {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        error: Box<FileError>,
    },
    /// The file cannot be read.
    #[error("--scenario {}: the file cannot be read ({error})", file.display())]
    Unread {
        /// The file.
        file: PathBuf,
        /// Why not.
        error: ReadError,
    },
}
