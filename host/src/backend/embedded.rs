//! Items in one SQLite file on the local disk: the store of a host that needs no other machine.
//!
//! What was answered is on the disk: every commit is synced, and writes that wait share one (see `writer`). The
//! file can be read with plain `sqlite3` at any time, and copied with its `.backup`. SQLite trusts its pages, so
//! every row has a checksum and every tree a copy (see `row` and `index`): a damaged file gives errors, and no
//! wrong or missing items. Lost log frames are not noticed: SQLite cannot tell a damaged end of the log, which it
//! only has after a crash, from one that was never synced.

mod committing;
mod connection;
mod error;
mod folder;
mod index;
mod items;
mod layout;
mod opened;
pub mod quota;
mod readers;
mod row;
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

pub use self::error::OpenError;
use self::folder::Folder;
use self::layout::Layout;
use self::opened::OpenedFiles;
use self::quota::Quotas;
use self::readers::Readers;
use self::writer::Writer;
use super::{Backend, Change, Error, Fields, Insert, Item, Page, Query, Schema, Update};

/// How many reads run at once: about as many as a small machine has processors.
const READERS: usize = 4;

/// A store in a folder. Dropping it closes it too, in the background.
#[derive(Debug)]
pub struct Embedded {
    layout: Arc<Layout>,
    readers: Readers,
    writer: Writer,
    quotas: Arc<Quotas>,
    /// The file to which writes go first.
    log: PathBuf,
}

impl Embedded {
    /// Opens the store in the folder `dir`, which is locked against every other process. Reads a few pages, whatever the
    /// size; only a schema with other indexes than before makes it read everything.
    pub fn open(dir: &Path, schema: &Schema) -> Result<Embedded, OpenError> {
        Parts::prepare(dir, schema)?.start()
    }
}

/// What a store is made of, before its thread runs.
struct Parts {
    layout: Layout,
    lock: File,
    files: OpenedFiles,
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
        let writing = connection::writer(&path, &layout)?;
        let reading = (0..READERS).map(|_| connection::reader(&path)).collect::<Result<_, _>>()?;
        let unwritable =
            |error: Error| OpenError::Unwritable { path: path.clone(), detail: error.to_string() };
        committing::probe(&writing).map_err(unwritable)?;
        let files = folder.opened_files(&path)?;
        let quotas = Quotas::open(&folder)?;
        let mut log = path.into_os_string();
        log.push("-wal");
        Ok(Parts { layout, lock: folder.lock, files, log: log.into(), writing, reading, quotas })
    }

    fn start(self) -> Result<Embedded, OpenError> {
        let (writer, inbox) = Writer::new();
        let readers = Readers::new(self.reading);
        inbox.start(self.writing, self.lock, self.files, readers.snapshots()).map_err(OpenError::Thread)?;
        let (layout, quotas) = (Arc::new(self.layout), Arc::new(self.quotas));
        Ok(Embedded { layout, readers, writer, quotas, log: self.log })
    }
}

#[async_trait]
impl Backend for Embedded {
    async fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        let key = key.to_owned();
        self.readers.read(move |connection| items::get(connection, &key)).await
    }

    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        let (key, change_id) = (key.to_owned(), change_id.to_owned());
        self.writer.submit(move |connection| items::insert(connection, &key, fields, &change_id)).await
    }

    async fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        let key = key.to_owned();
        self.writer.submit(move |connection| items::update(connection, &key, &change)).await
    }

    async fn query(&self, query: Query) -> Result<Page, Error> {
        let layout = Arc::clone(&self.layout);
        self.readers.read(move |connection| layout.index(&query.index)?.page(connection, &query)).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.writer.check().await?;
        let quotas = Arc::clone(&self.quotas);
        let ended = |_: JoinError| Error::Unavailable("a check ended in a panic".to_owned());
        spawn_blocking(move || quotas.check()).await.map_err(ended)??;
        let layout = Arc::clone(&self.layout);
        self.readers.read(move |connection| layout.probe(connection)).await
    }

    fn log_bytes(&self) -> Option<u64> {
        fs::metadata(&self.log).ok().map(|log| log.len())
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
