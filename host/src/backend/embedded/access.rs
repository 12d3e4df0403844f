//! The calls of items: reads on the connections for it, and writes on the thread for it.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;

use super::error::{OpenError, StatementError};
use super::layout::Layout;
use super::readers::Readers;
use super::writer::Writer;
use super::{committing, connection, items};
use crate::backend::{Backend, Change, Error, Fields, Insert, Item, Page, Query, Update};

/// The items of a store.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) layout: Arc<Layout>,
    pub(super) readers: Readers,
    pub(super) writer: Writer,
}

/// The connections to a store: the only one that writes, and those that read.
pub(super) struct Connections {
    pub(super) writing: Connection,
    pub(super) reading: Vec<Connection>,
}

impl Connections {
    /// Opens the connections. Merges the log and makes a first write, which fail if the store cannot be written.
    pub(super) fn open(path: &Path, layout: &Layout, readers: usize) -> Result<Connections, OpenError> {
        let writing = connection::writer(path, layout)?;
        let unwritable = |StatementError(error)| {
            if matches!(error, Error::Corrupt(_)) {
                return OpenError::of(error, path);
            }
            OpenError::Unwritable { path: path.to_owned(), detail: error.to_string() }
        };
        connection::merge_log(&writing).map_err(unwritable)?;
        let reading = (0..readers).map(|_| connection::reader(path)).collect::<Result<_, _>>()?;
        committing::probe(&writing).map_err(unwritable)?;
        Ok(Connections { writing, reading })
    }
}

#[async_trait]
impl Backend for Access {
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
        let layout = Arc::clone(&self.layout);
        self.readers.read(move |connection| layout.probe(connection)).await
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
