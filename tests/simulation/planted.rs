//! A store with a planted defect: it stands between the host's store and its backend, and changes a call or its outcome.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use portdesk::backend::{
    Backend, Change, Error, Fields, Insert, Item, Page, Position, Query, Summary, Update,
};

use crate::bug::Bug;

pub(crate) struct Planted {
    backend: Arc<dyn Backend>,
    bug: Bug,
    calls: AtomicU64,
    seen: Mutex<HashMap<String, Item>>,
}

impl Planted {
    /// The backend itself if there is no defect.
    pub(crate) fn over(backend: Arc<dyn Backend>, bug: Option<Bug>) -> Arc<dyn Backend> {
        match bug {
            None => backend,
            Some(bug) => Arc::new(Planted { backend, bug, calls: AtomicU64::new(0), seen: Mutex::default() }),
        }
    }

    fn call(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }

    fn outcome<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        match outcome {
            Err(Error::Unknown(text)) if self.bug == Bug::UnknownIsRefused => Err(Error::Unavailable(text)),
            outcome => outcome,
        }
    }
}

#[async_trait]
impl Backend for Planted {
    async fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        let found = self.backend.get(key).await?;
        if self.bug != Bug::ReadsOldState {
            return Ok(found);
        }
        let mut seen = self.seen.lock().unwrap();
        let old = found.clone().and_then(|new| seen.insert(key.to_owned(), new));
        Ok(old.or(found))
    }

    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        match self.outcome(self.backend.insert(key, fields, change_id).await)? {
            Insert::Exists(item) if self.bug == Bug::KeyTakesAnotherBody => Ok(Insert::Repeated(item)),
            outcome => Ok(outcome),
        }
    }

    async fn update(&self, key: &str, mut change: Change) -> Result<Update, Error> {
        match self.bug {
            Bug::StaleAccepted => change.at_version = None,
            Bug::ClosedTakesComments => change.unless.clear(),
            Bug::TimeGoesBack => change.unless_above.clear(),
            Bug::AppendsAgain => {
                if let Some(append) = &mut change.append {
                    append.entry.id = format!("again-{}", self.call());
                }
            }
            Bug::NothingStored if self.call() % 8 == 7 => {
                let item = self.backend.get(key).await?;
                return Ok(item.map_or(Update::Missing, |item| Update::Updated(item.version + 1)));
            }
            _ => {}
        }
        self.outcome(self.backend.update(key, change).await)
    }

    async fn query(&self, query: Query) -> Result<Page, Error> {
        let index = query.index.clone();
        let mut page = self.backend.query(query).await?;
        let order = |summary: &Summary| {
            let order = summary.fields.iter().find(|(name, _)| index == ORDERED.0 && name == ORDERED.1);
            Position { order: order.map(|(_, order)| order.clone()).unwrap(), key: summary.key.clone() }
        };
        if self.bug == Bug::ListSkips && page.next.is_some() && page.items.len() > 1 {
            page.items.pop();
        }
        if self.bug == Bug::ListRepeats
            && let [.., before, _] = page.items.as_slice()
        {
            page.next = page.next.map(|_| order(before));
        }
        Ok(page)
    }

    async fn check(&self) -> Result<(), Error> {
        self.backend.check().await
    }

    async fn close(&self) {
        self.backend.close().await;
    }
}

/// The index of the desk, and the field that orders it.
const ORDERED: (&str, &str) = ("CallerIdIndex", "created_at");
