//! `key-value`: every call is held to the limits of the contract, then made to the table.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use items::{Change, Fields, Insert, Item, Query, Schema, Summary, Update, bounds, cursor};
use items_dynamodb::Error;

use crate::client::Client;
use crate::{Outside, Settings};

/// A store over a table.
#[derive(Debug)]
pub struct Store<O> {
    client: Client<O>,
    schema: Schema,
}

/// Why a call has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The call breaks a limit of the contract: the caller has a defect.
    #[error("the component made an invalid call: {0}")]
    Defect(String),
    /// The table, or what is in it.
    #[error(transparent)]
    Failed(#[from] Error),
    /// The cursor was not made for this query.
    #[error("a cursor of another query")]
    InvalidCursor,
}

/// A part of an index's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The items, in order.
    pub items: Vec<Summary>,
    /// Where to read on; none where the list ended.
    pub cursor: Option<String>,
}

impl<O: Outside> Store<O> {
    /// A store over the table that the settings name. Asks it nothing yet. Fails for a schema that breaks its limits.
    pub fn new(settings: Settings, schema: Schema, outside: O) -> Result<Store<O>, Failure> {
        bounds::schema(&schema)?;
        Ok(Store { client: Client::new(settings, outside), schema })
    }

    /// Reads the item under `key`.
    pub fn get(&self, key: &str) -> Result<Option<Item>, Failure> {
        bounds::key(key)?;
        Ok(outcome(items_dynamodb::get(&self.client, &self.schema, key))?)
    }

    /// Stores a new item, if the key is free.
    pub fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Failure> {
        let schema = &self.schema;
        bounds::key(key)?;
        bounds::change_id(change_id)?;
        let fields = bounds::fields(schema, fields)?;
        Ok(outcome(items_dynamodb::insert(&self.client, schema, key, fields, change_id))?)
    }

    /// Changes the item under `key`.
    pub fn update(&self, key: &str, change: Change) -> Result<Update, Failure> {
        let schema = &self.schema;
        bounds::key(key)?;
        let change = bounds::change(schema, change)?;
        Ok(outcome(items_dynamodb::update(&self.client, schema, key, change))?)
    }

    /// Reads a page of an index.
    pub fn query(
        &self,
        index: String,
        value: String,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Page, Failure> {
        let schema = &self.schema;
        bounds::query(schema, &index, &value, limit)?;
        let after = match cursor {
            Some(text) => Some(cursor::read(text, &index, &value).ok_or(Failure::InvalidCursor)?),
            None => None,
        };
        let query = Query { index, value, limit, after };
        let page = outcome(items_dynamodb::query(&self.client, schema, &query))?;
        let cursor = page.next.map(|position| cursor::write(&position, &query.index, &query.value));
        Ok(Page { items: page.items, cursor })
    }
}

impl From<bounds::Defect> for Failure {
    fn from(defect: bounds::Defect) -> Failure {
        Failure::Defect(defect.to_string())
    }
}

/// What a future comes to whose every wait blocks: it is ready when it is first asked.
fn outcome<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(Error::Unknown("a request was left without waiting for its end".to_owned())),
    }
}
