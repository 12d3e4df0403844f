//! The whole content of an embedded store.
//!
//! What takes long runs on threads for blocking work: making, reading and verifying snapshots. Only the replacement itself
//! runs on the writing thread.

use std::sync::Arc;

use async_trait::async_trait;
use items::memory::MemoryItems;
use rusqlite::Connection;
use tokio::task::{JoinError, spawn_blocking};

use super::saved::SavedSnapshots;
use super::scan::Scan;
use super::{Embedded, connection};
use crate::backend::memory::Memory;
use crate::backend::{Contents, ContentsError, Error, Item, Snapshot, SnapshotList, SnapshotName};

impl Embedded {
    /// Waits for work on snapshots and refuses all later work on them.
    pub(super) async fn close_snapshots(&self) {
        let saved = Arc::clone(&self.saved);
        // The task fails only if it panics, which is logged.
        drop(spawn_blocking(move || saved.close()).await);
    }

    async fn with_saved<T: Send + 'static>(
        &self,
        work: impl FnOnce(&SavedSnapshots) -> Result<T, ContentsError> + Send + 'static,
    ) -> Result<T, ContentsError> {
        let saved = Arc::clone(&self.saved);
        blocking(move || work(&saved)).await
    }
}

#[async_trait]
impl Contents for Embedded {
    async fn clear(&self) -> Result<(), ContentsError> {
        let layout = Arc::clone(&self.access.layout);
        let empty = move || -> Result<Connection, ContentsError> {
            Ok(connection::empty(&layout).map_err(Error::from)?)
        };
        // First, because the counts are not worth much without the items, and a failure must not follow on the removal of items.
        let quotas = Arc::clone(&self.quotas);
        blocking(move || Ok(quotas.clear()?)).await?;
        Ok(self.access.writer.replace(blocking(empty).await?).await?)
    }

    async fn is_empty(&self) -> Result<bool, ContentsError> {
        self.with_saved(SavedSnapshots::is_empty).await
    }

    async fn save(&self, name: &SnapshotName) -> Result<Snapshot, ContentsError> {
        let name = name.clone();
        self.with_saved(move |saved| saved.save(&name)).await
    }

    async fn restore(&self, name: &SnapshotName) -> Result<Snapshot, ContentsError> {
        let name = name.clone();
        let (snapshot, content) = self.with_saved(move |saved| saved.load(&name)).await?;
        self.access.writer.replace(content).await?;
        Ok(snapshot)
    }

    async fn restore_keeping(
        &self,
        name: &SnapshotName,
        kept: &SnapshotName,
    ) -> Result<(Snapshot, Snapshot), ContentsError> {
        let (name, kept) = (name.clone(), kept.clone());
        let loaded = self.with_saved(move |saved| saved.load_and_save(&name, &kept)).await?;
        let (snapshot, content, kept) = loaded;
        self.access.writer.replace(content).await?;
        Ok((snapshot, kept))
    }

    async fn snapshots(&self) -> Result<SnapshotList, ContentsError> {
        self.with_saved(SavedSnapshots::list).await
    }

    async fn remove(&self, name: &SnapshotName) -> Result<(), ContentsError> {
        let name = name.clone();
        self.with_saved(move |saved| saved.remove(&name)).await
    }

    async fn items(&self) -> Result<Vec<Item>, ContentsError> {
        self.with_saved(|saved| saved.now().map(|scan| scan.items)).await
    }

    async fn copy(&self, from: Option<&SnapshotName>) -> Result<Memory, ContentsError> {
        let (from, empty) = (from.cloned(), MemoryItems::new(&self.schema));
        let copied = move |saved: &SavedSnapshots| {
            let scan: Scan = match from {
                Some(name) => saved.scan(&name)?,
                None => saved.now()?,
            };
            Ok(Memory::of(scan.load(empty)))
        };
        self.with_saved(copied).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ContentsError> + Send + 'static,
) -> Result<T, ContentsError> {
    let ended = |_: JoinError| Error::Unavailable("work on the whole content ended in a panic".to_owned());
    spawn_blocking(work).await.map_err(ended)?
}
