//! A backend that keeps items in one SQLite file on the local disk, for a host that needs no other machine.
//!
//! An acknowledged write is on the disk: every commit is synced, and waiting writes share a commit (see `writer`).
//! Plain `sqlite3` can read the file at any time and copy it with `.backup`. SQLite does not verify its pages, so
//! every row has a checksum and every tree has a copy (see `row` and `index`): a damaged file causes errors, never
//! wrong or missing items. There is one exception: lost frames at the end of the log are not detected, because SQLite
//! cannot distinguish frames that were damaged in a crash from frames that were never synced.

mod access;
mod committing;
mod connection;
mod contents;
mod error;
mod folder;
mod index;
mod items;
mod layout;
mod opened;
pub mod quota;
mod readers;
mod replacing;
mod row;
mod saved;
mod scan;
#[cfg(feature = "suite")]
pub mod simulated;
mod snapshots;
#[cfg(test)]
mod tests;
mod writer;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::task::{JoinError, spawn_blocking};

use self::access::{Access, Connections};
pub use self::error::OpenError;
use self::folder::Folder;
use self::layout::Layout;
use self::opened::OpenedFiles;
use self::quota::Quotas;
use self::readers::Readers;
use self::saved::SavedSnapshots;
use self::writer::Writer;
use super::{Backend, Change, Error, Fields, Insert, Item, Page, Query, Schema, Update};

/// The most concurrent reads: about the number of processors of a small machine.
const READERS: usize = 4;

/// A backend over one folder. Dropping it closes it too, in the background.
#[derive(Debug)]
pub struct Embedded {
    access: Access,
    quotas: Arc<Quotas>,
    saved: Arc<SavedSnapshots>,
    schema: Schema,
    /// SQLite's write-ahead log, which receives every write first.
    log: PathBuf,
}

impl Embedded {
    /// Opens the store in the folder `dir` and locks the folder against all other processes. This reads only a few
    /// pages, however large the store is, unless the schema has other indexes than before; then it reads everything.
    pub fn open(dir: &Path, schema: &Schema) -> Result<Embedded, OpenError> {
        Parts::prepare(dir, schema)?.start()
    }
}

/// The parts of a store before its thread runs.
struct Parts {
    layout: Layout,
    schema: Schema,
    lock: File,
    files: OpenedFiles,
    store: PathBuf,
    snapshots: PathBuf,
    log: PathBuf,
    writing: Connection,
    reading: Vec<Connection>,
    quotas: Quotas,
}

impl Parts {
    fn prepare(dir: &Path, schema: &Schema) -> Result<Parts, OpenError> {
        let layout = Layout::new(schema).map_err(OpenError::Schema)?;
        let folder = Folder::claim(dir)?;
        let path = folder.file()?;
        let Connections { writing, reading } = Connections::open(&path, &layout, READERS)?;
        let files = folder.opened_files(&path)?;
        let quotas = Quotas::open(&folder)?;
        let mut log = path.clone().into_os_string();
        log.push("-wal");
        Ok(Parts {
            layout,
            schema: schema.clone(),
            snapshots: folder.path.join(saved::FOLDER),
            lock: folder.lock,
            files,
            store: path,
            log: log.into(),
            writing,
            reading,
            quotas,
        })
    }

    fn start(self) -> Result<Embedded, OpenError> {
        let (writer, inbox) = Writer::new();
        let readers = Readers::new(self.reading);
        inbox.start(self.writing, self.lock, self.files, readers.snapshots()).map_err(OpenError::Thread)?;
        let (layout, quotas) = (Arc::new(self.layout), Arc::new(self.quotas));
        let saved = Arc::new(SavedSnapshots::new(self.snapshots, self.store, Arc::clone(&layout)));
        let access = Access { layout, readers, writer };
        Ok(Embedded { access, quotas, saved, schema: self.schema, log: self.log })
    }
}

#[async_trait]
impl Backend for Embedded {
    async fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        self.access.get(key).await
    }

    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        self.access.insert(key, fields, change_id).await
    }

    async fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        self.access.update(key, change).await
    }

    async fn query(&self, query: Query) -> Result<Page, Error> {
        self.access.query(query).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.access.check().await?;
        let quotas = Arc::clone(&self.quotas);
        let ended = |_: JoinError| Error::Unavailable("a check ended in a panic".to_owned());
        spawn_blocking(move || quotas.check()).await.map_err(ended)?
    }

    fn log_bytes(&self) -> Option<u64> {
        fs::metadata(&self.log).ok().map(|log| log.len())
    }

    async fn close(&self) {
        self.close_snapshots().await;
        self.access.close().await;
    }
}
