//! The store for a simulation: over another file system of SQLite, and without a thread.
//!
//! The simulation decides when the waiting writes are committed, and keeps the bytes of the files. Everything else is the
//! store as it is.

use std::path::Path;
use std::sync::Arc;

use super::access::{Access, Connections};
use super::error::OpenError;
use super::layout::Layout;
use super::opened::OpenedFiles;
pub use super::opened::{Cut, CutError};
use super::readers::Readers;
use super::writer::{self, Writer};
use crate::backend::{Backend, Schema};

/// Commits the waiting writes of a simulated store when it is asked to.
pub struct Turns(writer::Turns);

/// Opens the store at `uri`, an empty file or one of a store, whose parameter `vfs` names the file system. `cut` shortens its
/// log. The log is merged when it has `log_pages` pages.
pub fn open(
    uri: &Path,
    schema: &Schema,
    cut: Cut,
    log_pages: u32,
) -> Result<(Arc<dyn Backend>, Turns), OpenError> {
    let layout = Layout::new(schema).map_err(OpenError::Schema)?;
    let Connections { writing, reading } = Connections::open(uri, &layout, READERS)?;
    let failed = |error: rusqlite::Error| OpenError::of(error, uri);
    writing.execute_batch(&format!("PRAGMA wal_autocheckpoint = {log_pages}")).map_err(failed)?;
    let (writer, inbox) = Writer::new();
    let readers = Readers::new(reading);
    let turns = writer::Turns::new(inbox, writing, OpenedFiles::elsewhere(cut), readers.snapshots());
    let access = Access { layout: Arc::new(layout), readers, writer };
    Ok((Arc::new(access), Turns(turns)))
}

impl Turns {
    /// Commits waiting writes as the thread of the store would. Returns `false` if no write waits.
    pub fn turn(&mut self) -> bool {
        self.0.turn()
    }

    /// Closes the store in good order. All calls have ended before.
    pub fn finish(self) {
        self.0.finish();
    }
}

/// One connection is enough, because a simulation makes one call at a time.
const READERS: usize = 1;
