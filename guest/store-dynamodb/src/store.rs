//! Implements `key-value`: it checks the limits of the interface for every call and then calls the table.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use items::{
    Change, Error, Fields, Insert, Item, Query, QueryError, Schema, Summary, Update, dynamodb, limits,
};

use crate::client::Client;
use crate::{Platform, Settings};

/// A store that keeps items in a table.
#[derive(Debug)]
pub struct Store<O> {
    client: Client<O>,
    schema: Schema,
}

/// The reason why a call has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The call breaks a limit of the interface. The caller has a defect.
    #[error("the component made an invalid call: {0}")]
    Invalid(String),
    /// The table failed, or the data in it is damaged.
    #[error(transparent)]
    Failed(#[from] Error),
    /// The store did not make the cursor for this query.
    #[error("a cursor of another query")]
    InvalidCursor,
}

impl<O: Platform> Store<O> {
    /// Makes a store over the table that the settings name, without calling the table. Fails if the schema breaks its
    /// limits.
    pub fn new(settings: Settings, schema: Schema, platform: O) -> Result<Store<O>, StoreError> {
        limits::schema(&schema)?;
        Ok(Store { client: Client::new(settings, platform), schema })
    }

    /// Reads the item under `key`.
    pub fn get(&self, key: &str) -> Result<Option<Item>, StoreError> {
        limits::key(key)?;
        Ok(outcome(dynamodb::get(&self.client, &self.schema, key))?)
    }

    /// Stores a new item, if the key is free.
    pub fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, StoreError> {
        let schema = &self.schema;
        limits::key(key)?;
        limits::change_id(change_id)?;
        let fields = limits::fields(schema, fields)?;
        Ok(outcome(dynamodb::insert(&self.client, schema, key, fields, change_id))?)
    }

    /// Changes the item under `key`.
    pub fn update(&self, key: &str, change: Change) -> Result<Update, StoreError> {
        let schema = &self.schema;
        limits::key(key)?;
        let change = limits::change(schema, change)?;
        Ok(outcome(dynamodb::update(&self.client, schema, key, change))?)
    }

    /// Reads a page of an index. Returns the items and the cursor for the next page.
    pub fn query(
        &self,
        index: String,
        value: String,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<(Vec<Summary>, Option<String>), StoreError> {
        let query = Query::read(&self.schema, index, value, limit, cursor)?;
        let page = outcome(dynamodb::query(&self.client, &self.schema, &query))?;
        let cursor = query.cursor(&page);
        Ok((page.items, cursor))
    }
}

impl From<limits::LimitError> for StoreError {
    fn from(defect: limits::LimitError) -> StoreError {
        StoreError::Invalid(defect.to_string())
    }
}

impl From<QueryError> for StoreError {
    fn from(error: QueryError) -> StoreError {
        match error {
            QueryError::Cursor => StoreError::InvalidCursor,
            QueryError::Limit(defect) => defect.into(),
        }
    }
}

/// Returns the result of a future. The future is ready at the first poll, because every wait in it blocks.
fn outcome<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(Error::Unknown("a request was left without waiting for its end".to_owned())),
    }
}
