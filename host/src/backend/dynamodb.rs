//! A backend that keeps items in a table of Amazon DynamoDB, for several hosts that share one store.
//!
//! The module `items::dynamodb` defines the layout of the table and the conditions of each write. The component
//! `guest/store-dynamodb` uses it too. This module adds the SDK's client, a limit on concurrent requests, and the
//! errors: the SDK repeats a request that got no answer, and `attempts` records whether an attempt may have been
//! applied.

mod attempts;
mod attribute;
mod connection;
mod quota;
mod request_error;
mod requests;
mod shared_text;
pub mod table;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use items::dynamodb::{RequestError, layout};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tracing::warn;

use self::connection::Connection;
pub use self::connection::Settings;
use super::{Backend, Change, Error, Fields, Insert, Item, Page, Query, Schema, Update};
pub use items::dynamodb::{Endpoint, location};

/// A backend over one table.
#[derive(Debug)]
pub struct DynamoDb {
    connection: Connection,
    table: String,
    schema: Schema,
    /// Each request in flight holds a permit.
    permits: Semaphore,
}

impl DynamoDb {
    /// Connects to the table and makes each kind of request once. Fails if the table is not set up for the host. If the
    /// table does not answer now, it may answer later, so the host only logs a warning.
    pub async fn open(settings: &Settings, schema: &Schema) -> Result<DynamoDb, OpenError> {
        let store = DynamoDb::connect(settings, schema).await?;
        match store.check().await {
            Ok(()) => {}
            Err(Error::Misconfigured(text)) => {
                return Err(OpenError::Misconfigured { table: store.table, text });
            }
            // The requests of the probe are valid, so a table that refuses them is not the table that it should be.
            Err(Error::Invalid(text)) => {
                let text = format!(
                    "DynamoDB refuses a request of the host; run `portdesk table check` to find the cause ({text})"
                );
                return Err(OpenError::Misconfigured { table: store.table, text });
            }
            Err(error) => warn!(%error, "the table cannot be used at the moment"),
        }
        Ok(store)
    }

    /// Does the same as [`DynamoDb::open`], but sends no request to the table.
    pub async fn connect(settings: &Settings, schema: &Schema) -> Result<DynamoDb, OpenError> {
        let connection = connection::connect(settings).await?;
        let (table, schema) = (settings.table.clone(), schema.clone());
        Ok(DynamoDb { connection, table, schema, permits: Semaphore::new(PERMITS) })
    }

    /// Waits up to [`PERMIT_WAIT`] for a permit for one request.
    async fn permit(&self) -> Result<SemaphorePermit<'_>, RequestError> {
        // A permit is nearly always free. This path needs no timer.
        if let Ok(permit) = self.permits.try_acquire() {
            return Ok(permit);
        }
        match timeout(PERMIT_WAIT, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_closed)) => {
                Err(RequestError::Unsent(Error::Unavailable("the store is closed".to_owned())))
            }
            Err(_elapsed) => Err(RequestError::Unsent(Error::Throttled { retry_after: Some(PERMIT_RETRY) })),
        }
    }

    /// The error of a call that changed nothing, or whose effect does not matter.
    fn failed(&self, failure: RequestError) -> Error {
        failure.of_read(&self.table)
    }
}

#[async_trait]
impl Backend for DynamoDb {
    async fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        items::dynamodb::get(self, &self.schema, key).await
    }

    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        items::dynamodb::insert(self, &self.schema, key, fields, change_id).await
    }

    async fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        items::dynamodb::update(self, &self.schema, key, change).await
    }

    async fn query(&self, query: Query) -> Result<Page, Error> {
        items::dynamodb::query(self, &self.schema, &query).await
    }

    async fn check(&self) -> Result<(), Error> {
        items::dynamodb::probe(self, &self.schema).await
    }

    async fn close(&self) {
        // Every request in flight holds a permit and has a time limit, so this wait ends.
        let all = u32::try_from(PERMITS).unwrap_or(u32::MAX);
        if let Ok(permits) = self.permits.acquire_many(all).await {
            self.permits.close();
            drop(permits);
        }
    }
}

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither a flag nor a setting of the machine names a region.
    #[error("--region: no AWS region is set; give the region of the table or set AWS_REGION")]
    NoRegion,
    /// The table does not exist, does not fit the component's schema, or this host may not use it.
    #[error("--table {table}: {text}")]
    Misconfigured {
        /// The name of the table.
        table: String,
        /// What is wrong, and the command that shows more or repairs it.
        text: String,
    },
}

/// The most requests in flight. This is twice the default number of requests in the component, so that only a slow
/// table uses up all permits.
const PERMITS: usize = 256;
/// How long a request waits for a permit.
const PERMIT_WAIT: Duration = Duration::from_millis(100);
/// How long a caller that got no permit should wait before it repeats the call.
const PERMIT_RETRY: Duration = Duration::from_secs(1);
