//! A backend that keeps items in the memory of this process, for tests and demonstrations. When the process ends, the
//! items are lost.

mod contents;
mod quota;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use items::memory::MemoryItems;

use self::contents::Saved;
use self::quota::Quotas;
use super::{Backend, Change, Error, Fields, Insert, Item, Page, Query, Schema, Update};

/// A backend in the memory of this process.
#[derive(Debug)]
pub struct Memory {
    items: RwLock<MemoryItems>,
    quotas: Quotas,
    saved: Saved,
    closed: AtomicBool,
}

impl Memory {
    /// An empty store with the indexes of the schema.
    #[must_use]
    pub fn new(schema: &Schema) -> Memory {
        Memory::of(MemoryItems::new(schema))
    }

    /// A store with these items.
    pub(super) fn of(items: MemoryItems) -> Memory {
        let (items, closed) = (RwLock::new(items), AtomicBool::new(false));
        Memory { items, quotas: Quotas::default(), saved: Saved::default(), closed }
    }

    /// Locks the items for reading. The guard must not be held across an await.
    fn read(&self) -> Result<RwLockReadGuard<'_, MemoryItems>, Error> {
        self.check_open()?;
        Ok(self.items.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Locks the items for writing. The guard must not be held across an await.
    fn write(&self) -> Result<RwLockWriteGuard<'_, MemoryItems>, Error> {
        self.check_open()?;
        Ok(self.items.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::Unavailable("the store is closed".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl Backend for Memory {
    async fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        // The item is built after the lock is released, because it may have many entries.
        let stored = self.read()?.get(key);
        Ok(stored.map(|stored| stored.item(key)))
    }

    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        self.write()?.insert(key, fields, change_id).map_err(Into::into)
    }

    async fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        Ok(self.write()?.update(key, change))
    }

    async fn query(&self, query: Query) -> Result<Page, Error> {
        let unknown = || Error::Invalid(format!("there is no index {:?}", query.index));
        self.read()?.query(&query).ok_or_else(unknown)
    }

    async fn check(&self) -> Result<(), Error> {
        self.check_open()
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Memory;
    use crate::backend::suite;

    suite::quotas::quotas!(async || (
        Arc::new(Memory::new(&suite::schema())) as suite::quotas::SharedQuotaStore,
        ()
    ));
    suite::contents::contents!(async || (
        Arc::new(Memory::new(&suite::schema())) as suite::contents::SharedContents,
        ()
    ));
    suite::conformance!(exact; async || (Arc::new(Memory::new(&suite::schema())) as suite::SharedBackend, ()));

    #[tokio::test]
    async fn a_closed_store_is_unavailable() {
        suite::reopened::a_closed_store_is_unavailable(async || {
            Arc::new(Memory::new(&suite::schema())) as suite::SharedBackend
        })
        .await;
    }
}
