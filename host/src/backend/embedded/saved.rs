//! Snapshots of the content, as files of the folder `snapshots` in the data folder.
//!
//! A snapshot consists of two files: a store, which `sqlite3` can open, and a manifest, which names the store's file and has
//! its checksum. The manifest is renamed into its place when everything else is synced, so one rename replaces a snapshot.

mod files;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};
use tracing::warn;

use self::files::Files;
use super::connection;
use super::error::StatementError;
use super::layout::Layout;
use super::scan::{self, Scan};
use crate::backend::contents::{ITEMS_LIMIT_BYTES, check_limits};
use crate::backend::{ContentsError, Error, Snapshot, SnapshotName};
use crate::state::{self, Ignored};

/// The name of the folder in the data folder.
pub(super) const FOLDER: &str = "snapshots";

/// The snapshots of a store, and other work on its whole content. All methods may block.
#[derive(Debug)]
pub(super) struct SavedSnapshots {
    files: Files,
    /// The file of the store.
    store: PathBuf,
    layout: Arc<Layout>,
    /// Whether the store is open. Whoever works on snapshots or on the whole content holds the lock.
    open: Mutex<bool>,
}

/// A snapshot in memory, after it was verified. It has the indexes of the present schema.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) snapshot: Snapshot,
    pub(super) content: Connection,
    pub(super) scan: Scan,
}

impl SavedSnapshots {
    pub(super) fn new(folder: PathBuf, store: PathBuf, layout: Arc<Layout>) -> SavedSnapshots {
        SavedSnapshots { files: Files::new(folder), store, layout, open: Mutex::new(true) }
    }

    /// Saves the content. It is read on a connection of its own, so that reads and writes go on meanwhile.
    pub(super) fn save(&self, name: &SnapshotName) -> Result<Snapshot, ContentsError> {
        let _open = self.working()?;
        let held = self.held()?;
        let source = self.copier()?;
        // A copy would lack the rows that damage hides, and nothing in the copy would show it.
        scan::check_twins(&source).map_err(Error::from)?;
        // The copy may be smaller than the file, but hardly by more than half, because rows are never removed.
        check_limits(&held, name, used_bytes(&source).map_err(Error::from)? / 2)?;
        self.files.prepare().and_then(|()| self.files.sweep()).map_err(|error| failed(&error))?;
        let copy = self.files.temporary().map_err(|error| failed(&error))?;
        let path = ToSqlOutput::Borrowed(ValueRef::Text(copy.path().as_os_str().as_encoded_bytes()));
        let unsaved = |error: rusqlite::Error| Error::from(StatementError::from(error));
        source.execute("VACUUM INTO ?1", [path]).map_err(unsaved)?;
        drop(source);
        let bytes = copy.as_file().metadata().map_err(|error| failed(&error))?.len();
        check_limits(&held, name, bytes)?;
        let (content, checksum) = files::read(copy.path(), bytes).map_err(|error| failed(&error))?;
        let Scan { items, .. } = scan::all(&content, ITEMS_LIMIT_BYTES).map_err(Error::from)?;
        let hash = state::hash(&items, &Ignored::default());
        let snapshot = Snapshot { name: name.clone(), items: items.len() as u64, bytes, hash };
        self.files.put(copy, &snapshot, checksum).map_err(|error| failed(&error))?;
        // The older snapshot of the same name is replaced already; the next sweep tries again.
        if let Err(error) = self.files.sweep() {
            warn!(%error, "the file of a replaced snapshot could not be removed");
        }
        Ok(snapshot)
    }

    /// Reads a snapshot into memory and verifies it there, so that what is restored is what was verified.
    pub(super) fn load(&self, name: &SnapshotName) -> Result<Loaded, ContentsError> {
        let _open = self.working()?;
        let damaged = |detail: String| ContentsError::Damaged { name: name.clone(), detail };
        let unreadable = |error: io::Error| damaged(format!("its manifest cannot be read: {error}"));
        let manifest = self.files.manifest(name).map_err(unreadable)?;
        let manifest = manifest.ok_or_else(|| ContentsError::Missing(name.clone()))?;
        let unreadable = |error: io::Error| damaged(format!("its file cannot be read: {error}"));
        let read = files::read(&self.files.store(&manifest), manifest.snapshot.bytes);
        let (mut content, checksum) = read.map_err(unreadable)?;
        if checksum != manifest.checksum {
            return Err(damaged("its file is not the one that was saved".to_owned()));
        }
        let unsound = |StatementError(error)| damaged(error.to_string());
        self.layout.settle(&mut content).map_err(unsound)?;
        let scan = scan::all(&content, ITEMS_LIMIT_BYTES).map_err(unsound)?;
        let snapshot = manifest.snapshot;
        let hash = state::hash(&scan.items, &Ignored::default());
        if scan.items.len() as u64 != snapshot.items || hash != snapshot.hash {
            return Err(damaged("its items are not those that were saved".to_owned()));
        }
        Ok(Loaded { snapshot, content, scan })
    }

    /// All snapshots by name. Those with a damaged manifest are left out.
    pub(super) fn list(&self) -> Result<Vec<Snapshot>, ContentsError> {
        let _open = self.working()?;
        self.held()
    }

    /// Removes a snapshot.
    pub(super) fn remove(&self, name: &SnapshotName) -> Result<(), ContentsError> {
        let _open = self.working()?;
        let removed = self.files.remove(name).map_err(|error| failed(&error))?;
        if removed { Ok(()) } else { Err(ContentsError::Missing(name.clone())) }
    }

    /// Everything that the store has now.
    pub(super) fn now(&self) -> Result<Scan, ContentsError> {
        let _open = self.working()?;
        let mut source = self.copier()?;
        let transaction = source.transaction().map_err(|error| Error::from(StatementError::from(error)))?;
        Ok(scan::all(&transaction, ITEMS_LIMIT_BYTES).map_err(Error::from)?)
    }

    /// Waits for work in progress and refuses all later work.
    pub(super) fn close(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    fn working(&self) -> Result<MutexGuard<'_, bool>, Error> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if *open { Ok(open) } else { Err(Error::Unavailable("the store is closed".to_owned())) }
    }

    fn held(&self) -> Result<Vec<Snapshot>, ContentsError> {
        let (manifests, unreadable) = self.files.manifests().map_err(|error| failed(&error))?;
        for name in unreadable {
            warn!(%name, "the manifest of a snapshot cannot be read; remove the snapshot");
        }
        Ok(manifests.into_iter().map(|manifest| manifest.snapshot).collect())
    }

    fn copier(&self) -> Result<Connection, Error> {
        connection::copier(&self.store).map_err(|error| Error::Unavailable(error.to_string()))
    }
}

/// The bytes of all pages that are in use.
fn used_bytes(connection: &Connection) -> Result<u64, StatementError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let (pages, free, page_bytes) = (number("page_count")?, number("freelist_count")?, number("page_size")?);
    Ok(u64::from(pages.saturating_sub(free)) * u64::from(page_bytes))
}

fn failed(error: &io::Error) -> Error {
    Error::Unavailable(format!("the folder {FOLDER:?} of the data folder cannot be used ({error})"))
}
