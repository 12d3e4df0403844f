//! Items in memory: nothing outlives the process. For tests, demonstrations and as the measure of the others.

mod quota;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use async_trait::async_trait;
use items::listing::Listings;
use items::memory::MemoryItems;
use items::record::Record;
use tokio::time::Instant;

use self::quota::Quotas;
use super::{Backend, Change, Error, Fields, Insert, Item, Page, Query, Schema, Update};

/// A store in the memory of this process.
#[derive(Debug)]
pub struct Memory {
    items: RwLock<MemoryItems>,
    /// What the indexes do not show yet, where they lag. Locked after the map of items.
    lag: Option<Mutex<Lag>>,
    quotas: Quotas,
    closed: AtomicBool,
}

impl Memory {
    /// An empty store with the indexes of the schema.
    #[must_use]
    pub fn new(schema: &Schema) -> Memory {
        let (items, quotas) = (RwLock::new(MemoryItems::new(schema)), Quotas::default());
        Memory { items, lag: None, quotas, closed: AtomicBool::new(false) }
    }

    /// A store whose indexes show a write only after a delay, as those of DynamoDB may: for tests that must not lean
    /// on lists that are up to date.
    #[must_use]
    pub fn with_index_delay(schema: &Schema, delay: Duration) -> Memory {
        let lag = Lag { delay, due: VecDeque::new(), listings: Listings::new(schema) };
        Memory { lag: Some(Mutex::new(lag)), ..Memory::new(schema) }
    }

    /// The items to read; never held across an await.
    fn read(&self) -> Result<RwLockReadGuard<'_, MemoryItems>, Error> {
        self.check_open()?;
        Ok(self.items.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The items to change; never held across an await.
    fn write(&self) -> Result<RwLockWriteGuard<'_, MemoryItems>, Error> {
        self.check_open()?;
        Ok(self.items.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes a write that the indexes show later, where they lag.
    fn note(&self, items: &MemoryItems, key: &str) {
        let Some(lag) = &self.lag else { return };
        if let Some(stored) = items.get(key) {
            let mut lag = locked(lag);
            let due = Instant::now() + lag.delay;
            lag.due.push_back((due, key.to_owned(), stored.record()));
        }
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
        // The item is made after the lock is given back: it may have many entries.
        let stored = self.read()?.get(key);
        Ok(stored.map(|stored| stored.item(key)))
    }

    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        let mut items = self.write()?;
        let outcome = items.insert(key, fields, change_id)?;
        if matches!(outcome, Insert::Inserted(_)) {
            self.note(&items, key);
        }
        Ok(outcome)
    }

    async fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        let mut items = self.write()?;
        let outcome = items.update(key, change);
        if matches!(outcome, Update::Updated(_)) {
            self.note(&items, key);
        }
        Ok(outcome)
    }

    async fn query(&self, query: Query) -> Result<Page, Error> {
        let unknown = || Error::Invalid(format!("there is no index {:?}", query.index));
        let items = self.read()?;
        let page = match &self.lag {
            Some(lag) => locked(lag).page(&query),
            None => items.query(&query),
        };
        page.ok_or_else(unknown)
    }

    async fn check(&self) -> Result<(), Error> {
        self.check_open()
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

/// Writes that the indexes do not show yet.
#[derive(Debug)]
struct Lag {
    delay: Duration,
    /// In the order of the writes, with the moment from which each is shown.
    due: VecDeque<(Instant, String, Arc<Record>)>,
    listings: Listings,
}

impl Lag {
    /// A page of an index as it is shown now, after the writes whose time has come.
    fn page(&mut self, query: &Query) -> Option<Page> {
        let now = Instant::now();
        while self.due.front().is_some_and(|(due, ..)| *due <= now) {
            if let Some((_, key, record)) = self.due.pop_front() {
                self.listings.show(&key, record);
            }
        }
        self.listings.page(query)
    }
}

fn locked(lag: &Mutex<Lag>) -> MutexGuard<'_, Lag> {
    lag.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::Memory;
    use crate::backend::suite::{self, fields, get, insert, listed, set, update};

    suite::quotas::quotas!(async || (
        Arc::new(Memory::new(&suite::schema())) as suite::quotas::SharedQuotaStore,
        ()
    ));
    suite::conformance!(exact; async || (Arc::new(Memory::new(&suite::schema())) as suite::SharedBackend, ()));

    #[tokio::test(start_paused = true)]
    async fn a_delayed_index_shows_the_past_and_then_the_present() {
        let second = Duration::from_secs(1);
        let store = Arc::new(Memory::with_index_delay(&suite::schema(), second)) as suite::SharedBackend;
        insert(&store, "late", &[("owner", "here"), ("made_at", "1")]).await;
        assert_eq!(get(&store, "late").await.version, 1);
        assert!(listed(&store, "here", 10).await.is_empty());
        tokio::time::advance(second).await;
        assert_eq!(listed(&store, "here", 10).await[0].version, 1);
        update(&store, "late", set("move", &[("owner", "there")])).await;
        assert_eq!(
            *listed(&store, "here", 10).await[0].fields,
            fields(&[("made_at", "1"), ("owner", "here")])
        );
        assert!(listed(&store, "there", 10).await.is_empty());
        tokio::time::advance(second).await;
        assert!(listed(&store, "here", 10).await.is_empty());
        assert_eq!(listed(&store, "there", 10).await[0].version, 2);
    }

    #[tokio::test]
    async fn a_closed_store_is_unavailable() {
        suite::reopened::a_closed_store_is_unavailable(async || {
            Arc::new(Memory::new(&suite::schema())) as suite::SharedBackend
        })
        .await;
    }
}
