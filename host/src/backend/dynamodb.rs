//! Items in a table of Amazon DynamoDB: the store of hosts that share one.
//!
//! What lies in the table, and what decides about a write, is in the crate `portdesk-items-dynamodb`, which the
//! component `guest/store-dynamodb` has too. Here are the client, its places and its failures: the SDK repeats what
//! it has no answer to, and `attempts` watches for attempts that may have been applied.

mod attempts;
mod attribute;
mod connection;
mod counts;
mod failure;
mod requests;
pub mod table;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use items_dynamodb::{Failure, layout};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tracing::warn;

pub use self::connection::Settings;
use super::{Backend, Change, Error, Fields, Insert, Item, Page, Query, Schema, Update};

/// A store in a table.
#[derive(Debug)]
pub struct DynamoDb {
    client: Client,
    table: String,
    schema: Schema,
    /// A place for each request in flight.
    places: Semaphore,
}

impl DynamoDb {
    /// Connects to the table and reads from it once. Fails where it cannot be served from as it is set up; a table
    /// that does not answer at the moment may later, and is only warned of.
    pub async fn open(settings: &Settings, schema: &Schema) -> Result<DynamoDb, OpenError> {
        let client = connection::connect(settings).await?;
        let (table, schema) = (settings.table.clone(), schema.clone());
        let store = DynamoDb { client, table, schema, places: Semaphore::new(PLACES) };
        match store.probe().await {
            Ok(()) => {}
            Err(Probe::NoTable) => return Err(OpenError::NoTable(store.table)),
            Err(Probe::Failed(error)) => warn!(%error, "the table cannot be read at the moment"),
        }
        Ok(store)
    }

    /// A place for a request. Waits a moment for one, never in a queue without an end.
    async fn place(&self) -> Result<SemaphorePermit<'_>, Failure> {
        // A free place is the rule, and needs no timer.
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        match timeout(PLACE_WAIT, self.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_closed)) => {
                Err(Failure::Unsent(items_dynamodb::Error::Unavailable("the store is closed".to_owned())))
            }
            Err(_elapsed) => {
                Err(Failure::Unsent(items_dynamodb::Error::Throttled { retry_after: Some(PLACE_RETRY) }))
            }
        }
    }

    /// The failure of a call that changed nothing, or of which it does not matter.
    fn failed(&self, failure: Failure) -> Error {
        failure.of_read(&self.table).into()
    }

    /// Reads what cannot be there.
    async fn probe(&self) -> Result<(), Probe> {
        let failed = |failure| Probe::Failed(self.failed(failure));
        let _place = self.place().await.map_err(failed)?;
        let key = AttributeValue::S(layout::no_key());
        let read =
            self.client.get_item().table_name(&self.table).key(&self.schema.key_field, key).send().await;
        match read {
            Ok(_) => Ok(()),
            Err(error) if failure::is_missing_table(&error) => Err(Probe::NoTable),
            Err(error) => Err(failed(failure::of_read(&error))),
        }
    }
}

#[async_trait]
impl Backend for DynamoDb {
    async fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        Ok(items_dynamodb::get(self, &self.schema, key).await?)
    }

    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        Ok(items_dynamodb::insert(self, &self.schema, key, fields, change_id).await?)
    }

    async fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        Ok(items_dynamodb::update(self, &self.schema, key, change).await?)
    }

    async fn query(&self, query: Query) -> Result<Page, Error> {
        Ok(items_dynamodb::query(self, &self.schema, &query).await?)
    }

    async fn check(&self) -> Result<(), Error> {
        match self.probe().await {
            Ok(()) => Ok(()),
            Err(Probe::NoTable) => {
                Err(Error::Unavailable(OpenError::NoTable(self.table.clone()).to_string()))
            }
            Err(Probe::Failed(error)) => Err(error),
        }
    }

    async fn close(&self) {
        // Every request in flight has its place, and a time after which it has given it back.
        let all = u32::try_from(PLACES).unwrap_or(u32::MAX);
        if let Ok(places) = self.places.acquire_many(all).await {
            self.places.close();
            drop(places);
        }
    }
}

impl From<items_dynamodb::Error> for Error {
    fn from(error: items_dynamodb::Error) -> Error {
        match error {
            items_dynamodb::Error::Corrupt(text) => Error::Corrupt(text),
            items_dynamodb::Error::Invalid(text) => Error::Invalid(text),
            items_dynamodb::Error::Throttled { retry_after } => Error::Throttled { retry_after },
            items_dynamodb::Error::TooLarge => Error::TooLarge,
            items_dynamodb::Error::Unavailable(text) => Error::Unavailable(text),
            items_dynamodb::Error::Unknown(text) => Error::Unknown(text),
        }
    }
}

/// Why the table cannot be read.
enum Probe {
    NoTable,
    Failed(Error),
}

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No flag and no setting of the machine names one.
    #[error("--region: name the AWS region of the table, or set AWS_REGION")]
    NoRegion,
    /// There is no table of this name.
    #[error(
        "--table {0}: there is no such table in this region and account; `portdesk table create` makes it"
    )]
    NoTable(String),
}

/// How many requests are in flight at most: twice as many as requests in the component by default, so that only a
/// table that became slow fills them.
const PLACES: usize = 256;
/// How long a request waits for a place.
const PLACE_WAIT: Duration = Duration::from_millis(100);
/// When a caller may come again who got none.
const PLACE_RETRY: Duration = Duration::from_secs(1);
