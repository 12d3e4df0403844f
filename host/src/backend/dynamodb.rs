//! Items in a table of Amazon DynamoDB: the store of hosts that share one.
//!
//! What lies in the table, and what decides about a write, is in the crate `portdesk-items-dynamodb`, which the
//! component `guest/store-dynamodb` has too. Here are the client, its permits and its failures: the SDK repeats what
//! it has no answer to, and `attempts` watches for attempts that may have been applied.

mod attempts;
mod attribute;
mod connection;
mod quota;
mod request_error;
mod requests;
pub mod table;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use items_dynamodb::{RequestError, layout};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tracing::warn;

use self::connection::Connection;
pub use self::connection::Settings;
use super::{Backend, Change, Error, Fields, Insert, Item, Page, Query, Schema, Update};
pub use items_dynamodb::{Endpoint, location};

/// A store in a table.
#[derive(Debug)]
pub struct DynamoDb {
    connection: Connection,
    table: String,
    schema: Schema,
    /// A permit for each request in flight.
    permits: Semaphore,
}

impl DynamoDb {
    /// Connects to the table and does once what a host does. Fails where it cannot be served from as it is set up; a
    /// table that does not answer at the moment may later, and is only warned of.
    pub async fn open(settings: &Settings, schema: &Schema) -> Result<DynamoDb, OpenError> {
        let store = DynamoDb::connect(settings, schema).await?;
        match store.check().await {
            Ok(()) => {}
            Err(Error::Misconfigured(text)) => {
                return Err(OpenError::Misconfigured { table: store.table, text });
            }
            // What the probe asks is right: where it is taken for wrong, the table is another than it should be.
            Err(Error::Invalid(text)) => {
                let text =
                    format!("a request of a host is refused; `portdesk table check` may say why ({text})");
                return Err(OpenError::Misconfigured { table: store.table, text });
            }
            Err(error) => warn!(%error, "the table cannot be used at the moment"),
        }
        Ok(store)
    }

    /// As [`DynamoDb::open`], without asking the table for anything.
    pub async fn connect(settings: &Settings, schema: &Schema) -> Result<DynamoDb, OpenError> {
        let connection = connection::connect(settings).await?;
        let (table, schema) = (settings.table.clone(), schema.clone());
        Ok(DynamoDb { connection, table, schema, permits: Semaphore::new(PERMITS) })
    }

    /// A permit for a request. Waits a moment for one, never in a queue without an end.
    async fn permit(&self) -> Result<SemaphorePermit<'_>, RequestError> {
        // A free permit is the rule, and needs no timer.
        if let Ok(permit) = self.permits.try_acquire() {
            return Ok(permit);
        }
        match timeout(PERMIT_WAIT, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_closed)) => Err(RequestError::Unsent(items_dynamodb::Error::Unavailable(
                "the store is closed".to_owned(),
            ))),
            Err(_elapsed) => Err(RequestError::Unsent(items_dynamodb::Error::Throttled {
                retry_after: Some(PERMIT_RETRY),
            })),
        }
    }

    /// The failure of a call that changed nothing, or of which it does not matter.
    fn failed(&self, failure: RequestError) -> Error {
        failure.of_read(&self.table).into()
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
        Ok(items_dynamodb::probe(self, &self.schema).await?)
    }

    async fn close(&self) {
        // Every request in flight has its permit, and a time after which it has given it back.
        let all = u32::try_from(PERMITS).unwrap_or(u32::MAX);
        if let Ok(permits) = self.permits.acquire_many(all).await {
            self.permits.close();
            drop(permits);
        }
    }
}

impl From<items_dynamodb::Error> for Error {
    fn from(error: items_dynamodb::Error) -> Error {
        match error {
            items_dynamodb::Error::Corrupt(text) => Error::Corrupt(text),
            items_dynamodb::Error::Invalid(text) => Error::Invalid(text),
            items_dynamodb::Error::Misconfigured(text) => Error::Misconfigured(text),
            items_dynamodb::Error::Throttled { retry_after } => Error::Throttled { retry_after },
            items_dynamodb::Error::TooLarge => Error::TooLarge,
            items_dynamodb::Error::Unavailable(text) => Error::Unavailable(text),
            items_dynamodb::Error::Unknown(text) => Error::Unknown(text),
        }
    }
}

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No flag and no setting of the machine names one.
    #[error("--region: name the AWS region of the table, or set AWS_REGION")]
    NoRegion,
    /// The table is not there, is another than the component asks for, or does not let this host use it.
    #[error("--table {table}: {text}")]
    Misconfigured {
        /// The table.
        table: String,
        /// What is wrong, and the command that says more or mends it.
        text: String,
    },
}

/// How many requests are in flight at most: twice as many as requests in the component by default, so that only a
/// table that became slow fills them.
const PERMITS: usize = 256;
/// How long a request waits for a permit.
const PERMIT_WAIT: Duration = Duration::from_millis(100);
/// When a caller may come again who got none.
const PERMIT_RETRY: Duration = Duration::from_secs(1);
