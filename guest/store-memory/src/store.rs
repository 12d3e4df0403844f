//! Implements `key-value` over a map of items: it checks limits, applies the rules of `items`, and makes cursors.

use alloc::string::String;
use alloc::vec::Vec;

use items::memory::MemoryItems;
use items::{Change, Fields, Insert, Item, Query, QueryError, Schema, Summary, Update, limits};

/// A store of items that serves one call at a time.
#[derive(Debug)]
pub struct Store {
    schema: Schema,
    items: MemoryItems,
}

/// Why a call has no outcome. A store in memory has only these errors of `wit/key-value.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The call breaks a limit of `wit/key-value.wit`, or the schema breaks a limit of `wit/schema.wit`.
    Invalid,
    /// The cursor was not made for this query.
    InvalidCursor,
    /// The item is bigger than the limit of an item.
    TooLarge,
}

impl Store {
    /// Makes an empty store. Returns `Invalid` if the schema contradicts itself.
    pub fn new(schema: Schema) -> Result<Store, Error> {
        limits::schema(&schema)?;
        Ok(Store { items: MemoryItems::new(&schema), schema })
    }

    /// Does what `get` of `wit/key-value.wit` describes.
    pub fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        limits::key(key)?;
        Ok(self.items.get(key).map(|stored| stored.item(key)))
    }

    /// Does what `insert` of `wit/key-value.wit` describes.
    pub fn insert(&mut self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        limits::key(key)?;
        limits::change_id(change_id)?;
        let fields = limits::fields(&self.schema, fields)?;
        self.items.insert(key, fields, change_id).map_err(|_too_large| Error::TooLarge)
    }

    /// Does what `update` of `wit/key-value.wit` describes.
    pub fn update(&mut self, key: &str, change: Change) -> Result<Update, Error> {
        limits::key(key)?;
        let change = limits::change(&self.schema, change)?;
        Ok(self.items.update(key, change))
    }

    /// Does what `query` of `wit/key-value.wit` describes. Returns the items and the cursor for the next page.
    pub fn query(
        &self,
        index: String,
        value: String,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<(Vec<Summary>, Option<String>), Error> {
        let query = Query::read(&self.schema, index, value, limit, cursor)?;
        let page = self.items.query(&query).ok_or(Error::Invalid)?;
        let cursor = query.cursor(&page);
        Ok((page.items, cursor))
    }
}

impl From<limits::LimitError> for Error {
    fn from(_: limits::LimitError) -> Error {
        Error::Invalid
    }
}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Error {
        match error {
            QueryError::Cursor => Error::InvalidCursor,
            QueryError::Limit(_) => Error::Invalid,
        }
    }
}
