//! Items in memory: nothing outlives the process. For tests, demonstrations and as the measure of the others.

mod counts;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use self::counts::Counts;
use super::record::{Record, Verdict};
use super::{Backend, Change, Entry, Error, Fields, Index, Insert, Item, Page, Position, Query, Schema};
use super::{Summary, Update};

/// A store in the memory of this process.
#[derive(Debug)]
pub struct Memory {
    state: Mutex<State>,
    counts: Counts,
    closed: AtomicBool,
}

impl Memory {
    /// An empty store with the indexes of the schema.
    #[must_use]
    pub fn new(schema: &Schema) -> Memory {
        let indexes =
            schema.indexes.iter().map(|index| Listing { index: index.clone(), keys: HashMap::new() });
        let state = State { items: HashMap::new(), indexes: indexes.collect(), lag: None };
        Memory { state: Mutex::new(state), counts: Counts::default(), closed: AtomicBool::new(false) }
    }

    /// A store whose indexes show a write only after a delay, as those of DynamoDB may: for tests that must not lean
    /// on lists that are up to date.
    #[must_use]
    pub fn with_index_delay(schema: &Schema, delay: Duration) -> Memory {
        let mut memory = Memory::new(schema);
        let state = memory.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.lag = Some(Lag { delay, due: VecDeque::new(), shown: HashMap::new() });
        memory
    }

    /// The state; never held across an await.
    fn state(&self) -> Result<MutexGuard<'_, State>, Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::Unavailable("the store is closed".to_owned()));
        }
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Backend for Memory {
    async fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        // The item is copied after the lock is given back: it may be large.
        let stored = self.state()?.items.get(key).cloned();
        Ok(stored.map(|stored| stored.item(key)))
    }

    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        let record = Record::new(key, fields, change_id.to_owned())?;
        let mut state = self.state()?;
        let Some(stored) = state.items.get(key).cloned() else {
            let version = record.version;
            state.store(key, Stored { record, lists: BTreeMap::new() });
            return Ok(Insert::Inserted(version));
        };
        drop(state);
        let item = stored.item(key);
        let same = stored.record.insert_change == change_id;
        Ok(if same { Insert::Repeated(item) } else { Insert::Exists(item) })
    }

    async fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        Ok(self.state()?.update(key, change))
    }

    async fn query(&self, query: Query) -> Result<Page, Error> {
        self.state()?.query(&query)
    }

    async fn check(&self) -> Result<(), Error> {
        self.state().map(drop)
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

#[derive(Debug)]
struct State {
    items: HashMap<String, Arc<Stored>>,
    indexes: Vec<Listing>,
    lag: Option<Lag>,
}

/// Writes that the indexes do not show yet.
#[derive(Debug)]
struct Lag {
    delay: Duration,
    /// In the order of the writes, with the moment from which each is shown.
    due: VecDeque<(Instant, String, Record)>,
    shown: HashMap<String, Record>,
}

impl State {
    fn update(&mut self, key: &str, change: Change) -> Update {
        let Some(stored) = self.items.get(key) else { return Update::Missing };
        let known = change.append.as_ref().and_then(|append| stored.entry(&append.list, &append.entry.id));
        let record = match stored.record.judge(&change, known) {
            Verdict::Applied(record) => record,
            Verdict::Duplicate(entry) => return Update::Duplicate(entry),
            Verdict::Repeated => return Update::Updated(stored.record.version),
            Verdict::Stale => return Update::Stale(stored.item(key)),
            Verdict::Refused => return Update::Refused(stored.item(key)),
            Verdict::Full => return Update::Full,
        };
        let version = record.version;
        let Some(stored) = self.items.remove(key) else { return Update::Missing };
        if self.lag.is_none() {
            for index in &mut self.indexes {
                index.remove(key, &stored.record);
            }
        }
        // A reader that still copies the old item keeps it; the copy here is then the new one.
        let mut lists = Arc::unwrap_or_clone(stored).lists;
        if let Some(append) = change.append {
            lists.entry(append.list).or_default().push(append.entry);
        }
        self.store(key, Stored { record, lists });
        Update::Updated(version)
    }

    fn store(&mut self, key: &str, stored: Stored) {
        if let Some(lag) = &mut self.lag {
            lag.due.push_back((Instant::now() + lag.delay, key.to_owned(), stored.record.clone()));
        } else {
            for index in &mut self.indexes {
                index.add(key, &stored.record);
            }
        }
        self.items.insert(key.to_owned(), Arc::new(stored));
    }

    /// Has the indexes show what they have to by now.
    fn catch_up(&mut self) {
        let Some(lag) = &mut self.lag else { return };
        let now = Instant::now();
        while lag.due.front().is_some_and(|(due, ..)| *due <= now) {
            let Some((_, key, record)) = lag.due.pop_front() else { return };
            let before = lag.shown.get(&key);
            for index in &mut self.indexes {
                if let Some(before) = before {
                    index.remove(&key, before);
                }
                index.add(&key, &record);
            }
            lag.shown.insert(key, record);
        }
    }

    /// An item as the indexes show it.
    fn summary(&self, key: &str) -> Option<Summary> {
        let record = match &self.lag {
            Some(lag) => lag.shown.get(key)?,
            None => &self.items.get(key)?.record,
        };
        let Record { version, fields, counts, .. } = record.clone();
        Some(Summary { key: key.to_owned(), version, fields, counts })
    }

    fn query(&mut self, query: &Query) -> Result<Page, Error> {
        self.catch_up();
        let unknown = || Error::Invalid(format!("there is no index {:?}", query.index));
        let listing =
            self.indexes.iter().find(|listing| listing.index.name == query.index).ok_or_else(unknown)?;
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let mut keys = listing.keys(query).take(limit.saturating_add(1)).collect::<Vec<_>>();
        let more = keys.len() > limit;
        keys.truncate(limit);
        let last = keys.last().filter(|_| more);
        let next = last.map(|(order, key)| Position { order: order.clone(), key: key.clone() });
        let summary = |(_, key): &&(String, String)| self.summary(key);
        Ok(Page { items: keys.iter().filter_map(summary).collect(), next })
    }
}

#[derive(Debug, Clone)]
struct Stored {
    record: Record,
    lists: BTreeMap<String, Vec<Entry>>,
}

impl Stored {
    fn entry(&self, list: &str, id: &str) -> Option<Entry> {
        self.lists.get(list)?.iter().find(|entry| entry.id == id).cloned()
    }

    fn item(&self, key: &str) -> Item {
        let lists = self.lists.iter().map(|(name, entries)| (name.clone(), entries.clone())).collect();
        let Record { version, fields, .. } = self.record.clone();
        Item { key: key.to_owned(), version, fields, lists }
    }
}

/// The items of one index.
#[derive(Debug)]
struct Listing {
    index: Index,
    /// By the value of the partition field: order values and keys.
    keys: HashMap<String, BTreeSet<(String, String)>>,
}

impl Listing {
    /// The places behind the query's position, the greatest first.
    fn keys(&self, query: &Query) -> impl Iterator<Item = &(String, String)> {
        let after = query.after.clone();
        self.keys.get(&query.value).into_iter().flat_map(move |keys| match after.clone() {
            Some(Position { order, key }) => keys.range(..(order, key)).rev(),
            None => keys.range::<(String, String), _>(..).rev(),
        })
    }

    fn add(&mut self, key: &str, record: &Record) {
        if let Some((partition, place)) = self.place(key, record) {
            self.keys.entry(partition).or_default().insert(place);
        }
    }

    fn remove(&mut self, key: &str, record: &Record) {
        let Some((partition, place)) = self.place(key, record) else { return };
        let Some(keys) = self.keys.get_mut(&partition) else { return };
        keys.remove(&place);
        if keys.is_empty() {
            self.keys.remove(&partition);
        }
    }

    /// Where a record stands; nowhere when it lacks one of the fields.
    fn place(&self, key: &str, record: &Record) -> Option<(String, (String, String))> {
        let partition = record.field(&self.index.partition)?;
        let order = record.field(&self.index.order)?;
        Some((partition.to_owned(), (order.to_owned(), key.to_owned())))
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
