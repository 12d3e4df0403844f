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
use super::{Backend, Change, Error, Fields, ITEM_LIMIT_BYTES, Insert, Item, Page, Query, Schema, Update};

/// A backend in the memory of this process.
#[derive(Debug)]
pub struct Memory {
    items: RwLock<MemoryItems>,
    quotas: Quotas,
    saved: Saved,
    closed: AtomicBool,
    /// The most bytes of all items together, if there is a limit.
    limit_bytes: Option<usize>,
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
        Memory { items, quotas: Quotas::default(), saved: Saved::default(), closed, limit_bytes: None }
    }

    /// The same store, in which a write that would make the items larger than this is refused as by a store that is full.
    #[must_use]
    pub fn limited(self, limit_bytes: usize) -> Memory {
        Memory { limit_bytes: Some(limit_bytes), ..self }
    }

    /// The sizes of all items together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.items.read().unwrap_or_else(PoisonError::into_inner).bytes()
    }

    /// Refuses a write for which there is no room. `growth` is asked only if there may be none.
    fn check_room(&self, items: &MemoryItems, growth: impl FnOnce() -> usize) -> Result<(), Error> {
        let Some(limit_bytes) = self.limit_bytes else { return Ok(()) };
        let bytes = items.bytes();
        if bytes + ITEM_LIMIT_BYTES <= limit_bytes || bytes + growth() <= limit_bytes {
            return Ok(());
        }
        Err(Error::Unavailable(format!(
            "it is full: its items have {bytes} bytes, and a space has at most {limit_bytes}; reset the space or drop it"
        )))
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
        let mut items = self.write()?;
        self.check_room(&items, || items.growth_of_insert(key, &fields))?;
        items.insert(key, fields, change_id).map_err(Into::into)
    }

    async fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        let mut items = self.write()?;
        self.check_room(&items, || items.growth_of_update(key, &change))?;
        Ok(items.update(key, change))
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

    use super::{Backend, Change, Error, Insert, Memory, Update};
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

    fn text(bytes: usize) -> Vec<(String, String)> {
        vec![("text".to_owned(), "x".repeat(bytes))]
    }

    fn change(id: &str, bytes: usize) -> Change {
        let (id, set) = (id.to_owned(), text(bytes));
        Change { id, at_version: None, unless: vec![], unless_above: vec![], set, append: None }
    }

    #[tokio::test]
    async fn a_full_store_refuses_what_makes_it_larger_and_goes_on_otherwise() {
        let store = Memory::new(&suite::schema()).limited(100);
        assert_eq!(store.insert("a", text(50), "1").await, Ok(Insert::Inserted(1)));
        let full = store.insert("b", text(50), "2").await.unwrap_err();
        let Error::Unavailable(detail) = &full else { panic!("{full}") };
        assert!(detail.contains("a space has at most 100"), "{detail}");
        assert_eq!(store.update("a", change("3", 96)).await.unwrap_err(), full);
        assert!(matches!(store.insert("a", text(50), "1").await, Ok(Insert::Repeated(_))));
        assert_eq!(store.update("b", change("4", 96)).await, Ok(Update::Missing));
        assert_eq!(store.update("a", change("5", 95)).await, Ok(Update::Updated(2)), "the last byte");
        assert_eq!(store.update("a", change("6", 1)).await, Ok(Update::Updated(3)));
        assert_eq!(store.insert("b", text(50), "2").await, Ok(Insert::Inserted(1)), "there is room again");
        assert_eq!(store.get("a").await.unwrap().unwrap().version, 3);
        assert_eq!(store.bytes(), 1 + 4 + 1 + 1 + 4 + 50);
    }

    #[tokio::test]
    async fn a_closed_store_is_unavailable() {
        suite::reopened::a_closed_store_is_unavailable(async || {
            Arc::new(Memory::new(&suite::schema())) as suite::SharedBackend
        })
        .await;
    }
}
