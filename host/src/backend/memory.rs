//! Items in memory: nothing outlives the process. For tests, demonstrations and as the measure of the others.

mod counts;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use async_trait::async_trait;
use items::listing::Listings;
use items::record::Record;
use items::shelf::Shelf;
use tokio::time::Instant;

use self::counts::Counts;
use super::{Backend, Change, Error, Fields, Insert, Item, Page, Query, Schema, Update};

/// A store in the memory of this process.
#[derive(Debug)]
pub struct Memory {
    state: RwLock<State>,
    counts: Counts,
    closed: AtomicBool,
}

impl Memory {
    /// An empty store with the indexes of the schema.
    #[must_use]
    pub fn new(schema: &Schema) -> Memory {
        let state = State { shelf: Shelf::new(schema), lag: None };
        Memory { state: RwLock::new(state), counts: Counts::default(), closed: AtomicBool::new(false) }
    }

    /// A store whose indexes show a write only after a delay, as those of DynamoDB may: for tests that must not lean
    /// on lists that are up to date.
    #[must_use]
    pub fn with_index_delay(schema: &Schema, delay: Duration) -> Memory {
        let mut memory = Memory::new(schema);
        let state = memory.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.lag = Some(Lag { delay, due: VecDeque::new(), listings: Listings::new(schema) });
        memory
    }

    /// The state to read; never held across an await.
    fn read(&self) -> Result<RwLockReadGuard<'_, State>, Error> {
        self.check_open()?;
        Ok(self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The state to change; never held across an await.
    fn write(&self) -> Result<RwLockWriteGuard<'_, State>, Error> {
        self.check_open()?;
        Ok(self.state.write().unwrap_or_else(PoisonError::into_inner))
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
        // The item is copied after the lock is given back: it may be large.
        let stored = self.read()?.shelf.get(key);
        Ok(stored.map(|stored| stored.item(key)))
    }

    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        let mut state = self.write()?;
        let outcome = state.shelf.insert(key, fields, change_id)?;
        if matches!(outcome, Insert::Inserted(_)) {
            state.note(key);
        }
        Ok(outcome)
    }

    async fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        let mut state = self.write()?;
        let outcome = state.shelf.update(key, change);
        if matches!(outcome, Update::Updated(_)) {
            state.note(key);
        }
        Ok(outcome)
    }

    async fn query(&self, query: Query) -> Result<Page, Error> {
        let unknown = || Error::Invalid(format!("there is no index {:?}", query.index));
        if self.read()?.lag.is_some() {
            self.write()?.show_due();
        }
        self.read()?.query(&query).ok_or_else(unknown)
    }

    async fn check(&self) -> Result<(), Error> {
        self.check_open()
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

#[derive(Debug)]
struct State {
    shelf: Shelf,
    lag: Option<Lag>,
}

/// Writes that the indexes do not show yet.
#[derive(Debug)]
struct Lag {
    delay: Duration,
    /// In the order of the writes, with the moment from which each is shown.
    due: VecDeque<(Instant, String, Arc<Record>)>,
    listings: Listings,
}

impl State {
    /// Notes a write that is to be shown later.
    fn note(&mut self, key: &str) {
        if let (Some(lag), Some(stored)) = (&mut self.lag, self.shelf.get(key)) {
            lag.due.push_back((Instant::now() + lag.delay, key.to_owned(), stored.record()));
        }
    }

    /// Has the indexes show the writes whose time has come.
    fn show_due(&mut self) {
        let Some(lag) = &mut self.lag else { return };
        let now = Instant::now();
        while lag.due.front().is_some_and(|(due, ..)| *due <= now) {
            if let Some((_, key, record)) = lag.due.pop_front() {
                lag.listings.show(&key, record);
            }
        }
    }

    fn query(&self, query: &Query) -> Option<Page> {
        match &self.lag {
            Some(lag) => lag.listings.page(query),
            None => self.shelf.query(query),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::Memory;
    use crate::backend::suite::{self, fields, get, insert, listed, set, update};

    suite::counts::counts!(async || (Arc::new(Memory::new(&suite::schema())) as suite::counts::Metering, ()));
    suite::conformance!(exact; async || (Arc::new(Memory::new(&suite::schema())) as suite::Store, ()));

    #[tokio::test(start_paused = true)]
    async fn a_delayed_index_shows_the_past_and_then_the_present() {
        let second = Duration::from_secs(1);
        let store = Arc::new(Memory::with_index_delay(&suite::schema(), second)) as suite::Store;
        insert(&store, "late", &[("owner", "here"), ("made_at", "1")]).await;
        assert_eq!(get(&store, "late").await.version, 1);
        assert!(listed(&store, "here", 10).await.is_empty());
        tokio::time::advance(second).await;
        assert_eq!(listed(&store, "here", 10).await[0].version, 1);
        update(&store, "late", set("move", &[("owner", "there")])).await;
        assert_eq!(
            listed(&store, "here", 10).await[0].fields,
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
            Arc::new(Memory::new(&suite::schema())) as suite::Store
        })
        .await;
    }
}
