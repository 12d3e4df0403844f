//! The host's store: the only implementation of `key-value` of `wit/`, over any [`Backend`].
//!
//! This module checks every call against the limits of the WIT, so that a backend gets only valid calls. It also
//! writes and reads cursors, and converts the errors of a backend to those of the WIT. It logs the text of a backend's
//! error for the operator; the guest never gets that text.

mod convert;
mod outcome;
mod readiness;

use std::sync::Arc;

use items::{QueryError, limits};
use tracing::{error, warn};

pub(crate) use self::outcome::Counted;
use self::readiness::Readiness;
use crate::backend::{self, Backend, Query, Schema};
pub use crate::bindings::portdesk::desk::key_value::{
    Append, Change, Entry, EntryList, Error, IndexQuery, InsertOutcome, Item, Page, Summary, UpdateOutcome,
};
use crate::exchange::Exchange;
use crate::telemetry::{Telemetry, Verb};

/// The store as an instance uses it.
#[derive(Clone)]
pub struct GuestStore {
    /// `None` while a component only describes itself.
    store: Option<Arc<OpenStore>>,
    /// The id of the request on which the instance works, for the log.
    request_id: String,
    /// The request on which the instance works, if it is in a space.
    exchange: Option<Arc<Exchange>>,
}

struct OpenStore {
    backend: Arc<dyn Backend>,
    schema: Schema,
    telemetry: Arc<Telemetry>,
    readiness: Readiness,
}

impl GuestStore {
    /// A store over `backend`, which was opened for `schema`. Its calls are counted in `telemetry`.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>, schema: Schema, telemetry: Arc<Telemetry>) -> GuestStore {
        let store = OpenStore { backend, schema, telemetry, readiness: Readiness::default() };
        GuestStore { store: Some(Arc::new(store)), request_id: String::new(), exchange: None }
    }

    /// Checks a schema against the limits of `wit/schema.wit`.
    pub(crate) fn check(schema: &Schema) -> Result<(), limits::LimitError> {
        limits::schema(schema)
    }

    /// A store without a backend, for a component that describes itself. All its calls fail.
    pub(crate) fn none() -> GuestStore {
        GuestStore { store: None, request_id: String::new(), exchange: None }
    }

    /// The same store for one request of a space, whose faults may take the place of calls.
    #[must_use]
    pub(crate) fn observed(&self, exchange: Arc<Exchange>) -> GuestStore {
        GuestStore { store: self.store.clone(), request_id: String::new(), exchange: Some(exchange) }
    }

    /// The id of the request to which the calls belong.
    pub(crate) fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Sets the request to which the next calls belong.
    pub fn begin(&mut self, request_id: &str) {
        self.request_id.clear();
        self.request_id.push_str(request_id);
    }

    /// Whether the store can serve reads and writes. Callers may ask concurrently and often. Each call runs in a separate
    /// task, so that a probe runs to its end even if the client disconnects.
    pub async fn is_ready(&self, request_id: &str) -> bool {
        let Some(store) = self.store.as_ref().map(Arc::clone) else { return false };
        let request_id = request_id.to_owned();
        let asked = async move { store.readiness.ask(&*store.backend, &request_id).await };
        // The task fails only if it panics, which is logged.
        tokio::spawn(asked).await.unwrap_or(false)
    }

    /// Makes a call to the store and counts its outcome.
    async fn watched<T: Counted>(
        &self,
        verb: Verb,
        key: Option<&str>,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let watch = self.store()?.telemetry.store_call(verb);
        let answer = match &self.exchange {
            None => call.await,
            // Boxed, so that a call outside of spaces does not have to hold this future.
            Some(exchange) => Box::pin(exchange.store_call(verb, key, call)).await,
        };
        watch.ended(answer.outcome());
        answer
    }

    fn store(&self) -> Result<&OpenStore, Error> {
        self.store.as_deref().ok_or(Error::Unavailable)
    }

    /// Converts a backend's error to one of the WIT, and logs it. Every error of a backend passes through here.
    fn error(&self, call: &'static str, error: &backend::Error) -> Error {
        let request_id = self.request_id.as_str();
        match error {
            backend::Error::Throttled { .. } => warn!(request_id, call, %error, "the store refused a call"),
            backend::Error::TooLarge => {}
            backend::Error::Corrupt(_)
            | backend::Error::Invalid(_)
            | backend::Error::Misconfigured(_)
            | backend::Error::Unavailable(_)
            | backend::Error::Unknown(_) => error!(request_id, call, %error, "a call to the store failed"),
        }
        convert::error(error)
    }

    /// Does the same as [`GuestStore::error`] for a call that writes, which also affects readiness.
    fn write_error(&self, call: &'static str, error: &backend::Error) -> Error {
        if let Some(store) = &self.store {
            store.readiness.write_failed(error);
        }
        self.error(call, error)
    }

    /// Logs a call that breaks a limit of the WIT. That is a defect of the component.
    fn invalid(&self, call: &'static str, defect: &limits::LimitError) -> Error {
        error!(request_id = self.request_id.as_str(), call, %defect, "the component made an invalid call");
        Error::Invalid
    }
}

/// The four functions of `key-value`; `wit/key-value.wit` defines their promises. `sandbox/budget.rs` limits how often a
/// guest may call them.
impl GuestStore {
    /// The item under `key`.
    pub async fn get(&mut self, key: String) -> Result<Option<Item>, Error> {
        self.watched(Verb::Get, Some(&key), self.read(&key)).await
    }

    /// Stores a new item, if the key is free.
    pub async fn insert(
        &mut self,
        key: String,
        fields: Vec<(String, String)>,
        change_id: String,
    ) -> Result<InsertOutcome, Error> {
        self.watched(Verb::Insert, Some(&key), self.add(&key, fields, &change_id)).await
    }

    /// Changes the item under `key`, completely or not at all.
    pub async fn update(&mut self, key: String, change: Change) -> Result<UpdateOutcome, Error> {
        self.watched(Verb::Update, Some(&key), self.change(&key, change)).await
    }

    /// A page of an index.
    pub async fn query(&mut self, query: IndexQuery) -> Result<Page, Error> {
        self.watched(Verb::Query, None, self.list(query)).await
    }
}

/// The same functions without the count of their outcomes.
impl GuestStore {
    async fn read(&self, key: &str) -> Result<Option<Item>, Error> {
        limits::key(key).map_err(|defect| self.invalid("get", &defect))?;
        let item = self.store()?.backend.get(key).await.map_err(|error| self.error("get", &error))?;
        Ok(item.map(Item::from))
    }

    async fn add(
        &self,
        key: &str,
        fields: Vec<(String, String)>,
        change_id: &str,
    ) -> Result<InsertOutcome, Error> {
        let store = self.store()?;
        let fields = limits::key(key)
            .and_then(|()| limits::change_id(change_id))
            .and_then(|()| limits::fields(&store.schema, fields))
            .map_err(|defect| self.invalid("insert", &defect))?;
        let outcome = store.backend.insert(key, fields, change_id).await;
        outcome.map(InsertOutcome::from).map_err(|error| self.write_error("insert", &error))
    }

    async fn change(&self, key: &str, change: Change) -> Result<UpdateOutcome, Error> {
        let store = self.store()?;
        let change = limits::key(key)
            .and_then(|()| limits::change(&store.schema, change.into()))
            .map_err(|defect| self.invalid("update", &defect))?;
        let outcome = store.backend.update(key, change).await;
        outcome.map(UpdateOutcome::from).map_err(|error| self.write_error("update", &error))
    }

    async fn list(&self, query: IndexQuery) -> Result<Page, Error> {
        let store = self.store()?;
        let IndexQuery { index, value, limit, cursor } = query;
        let query = Query::read(&store.schema, index, value, limit, cursor.as_deref());
        let query = query.map_err(|refused| match refused {
            QueryError::Cursor => Error::InvalidCursor,
            QueryError::Limit(defect) => self.invalid("query", &defect),
        })?;
        let page = store.backend.query(query.clone()).await.map_err(|error| self.error("query", &error))?;
        let cursor = query.cursor(&page);
        Ok(Page { items: page.items.into_iter().map(Into::into).collect(), cursor })
    }
}
