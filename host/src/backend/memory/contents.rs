//! The whole content of a backend in memory. A snapshot is a clone that shares its items with the store.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use items::memory::{MemoryItems, Stored};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task;

use super::Memory;
use crate::backend::contents::check_limits;
use crate::backend::{Contents, ContentsError, Error, Item, Snapshot, SnapshotList, SnapshotName};
use crate::state::{self, Ignored};

/// The snapshots of a backend.
#[derive(Debug, Default)]
pub(super) struct Saved(Mutex<BTreeMap<SnapshotName, (Snapshot, Arc<MemoryItems>)>>);

impl Saved {
    fn all(&self) -> MutexGuard<'_, BTreeMap<SnapshotName, (Snapshot, Arc<MemoryItems>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn list(&self) -> Vec<Snapshot> {
        self.all().values().map(|(snapshot, _)| snapshot.clone()).collect()
    }

    fn find(&self, name: &SnapshotName) -> Result<(Snapshot, Arc<MemoryItems>), ContentsError> {
        self.all().get(name).cloned().ok_or_else(|| ContentsError::Missing(name.clone()))
    }
}

impl Memory {
    /// Replaces all items. The old ones are dropped after the lock is released, because that takes time.
    fn swap(&self, items: MemoryItems) -> Result<(), Error> {
        let before = mem::replace(&mut *self.write()?, items);
        drop(before);
        Ok(())
    }

    fn saved_as(&self, name: &SnapshotName) -> Result<Snapshot, ContentsError> {
        let items = self.read()?.clone();
        let bytes = items.iter().map(|(_, stored)| stored.record().size as u64).sum();
        check_limits(&self.saved.list(), name, bytes)?;
        let whole = whole(&items);
        let hash = state::hash(&whole, &Ignored::default());
        let snapshot = Snapshot { name: name.clone(), items: whole.len() as u64, bytes, hash };
        // Another snapshot may have been saved meanwhile, so the limits are checked again under the lock.
        let mut all = self.saved.all();
        let held = all.values().map(|(snapshot, _)| snapshot.clone()).collect::<Vec<_>>();
        check_limits(&held, name, bytes)?;
        let before = all.insert(name.clone(), (snapshot.clone(), Arc::new(items)));
        drop(all);
        drop(before);
        Ok(snapshot)
    }
}

#[async_trait]
impl Contents for Memory {
    async fn clear(&self) -> Result<(), ContentsError> {
        busy(|| {
            let empty = self.read()?.emptied();
            self.swap(empty)
        })?;
        self.quotas.clear();
        Ok(())
    }

    async fn is_empty(&self) -> Result<bool, ContentsError> {
        Ok(self.read()?.iter().next().is_none())
    }

    async fn save(&self, name: &SnapshotName) -> Result<Snapshot, ContentsError> {
        busy(|| self.saved_as(name))
    }

    async fn restore(&self, name: &SnapshotName) -> Result<Snapshot, ContentsError> {
        self.check_open()?;
        let (snapshot, items) = self.saved.find(name)?;
        busy(|| self.swap(MemoryItems::clone(&items)))?;
        Ok(snapshot)
    }

    async fn restore_keeping(
        &self,
        name: &SnapshotName,
        kept: &SnapshotName,
    ) -> Result<(Snapshot, Snapshot), ContentsError> {
        self.check_open()?;
        let (snapshot, items) = self.saved.find(name)?;
        let kept = busy(|| self.saved_as(kept))?;
        busy(|| self.swap(MemoryItems::clone(&items)))?;
        Ok((snapshot, kept))
    }

    async fn snapshots(&self) -> Result<SnapshotList, ContentsError> {
        self.check_open()?;
        Ok(SnapshotList { snapshots: self.saved.list(), damaged: Vec::new() })
    }

    async fn remove(&self, name: &SnapshotName) -> Result<(), ContentsError> {
        self.check_open()?;
        let removed = self.saved.all().remove(name);
        removed.map(drop).ok_or_else(|| ContentsError::Missing(name.clone()))
    }

    async fn items(&self) -> Result<Vec<Item>, ContentsError> {
        busy(|| {
            let shared = |(key, stored): (&str, &Arc<Stored>)| (key.to_owned(), Arc::clone(stored));
            let stored = self.read()?.iter().map(shared).collect::<Vec<_>>();
            // The items are built after the lock is released, because they may have many entries.
            Ok(stored.into_iter().map(|(key, stored)| stored.item(&key)).collect())
        })
    }

    async fn copy(&self, from: Option<&SnapshotName>) -> Result<Memory, ContentsError> {
        self.check_open()?;
        let items = match from {
            Some(name) => {
                let (_, items) = self.saved.find(name)?;
                busy(|| MemoryItems::clone(&items))
            }
            None => busy(|| Ok::<_, Error>(self.read()?.clone()))?,
        };
        Ok(Memory::of(items))
    }
}

fn whole(items: &MemoryItems) -> Vec<Item> {
    items.iter().map(|(key, stored)| stored.item(key)).collect()
}

/// Runs work that takes milliseconds. Where the runtime has several threads, it moves other tasks away from this one.
fn busy<T>(work: impl FnOnce() -> T) -> T {
    let many = Handle::try_current().is_ok_and(|it| it.runtime_flavor() == RuntimeFlavor::MultiThread);
    if many { task::block_in_place(work) } else { work() }
}
