//! Items in a table of Amazon DynamoDB, as other programs have it: the store of hosts that share one.
//!
//! A key is the partition key, a field a string attribute, a list a list of maps, an index of the schema a global
//! secondary index. What is kept beside that is in `layout`; an item without it, that another program wrote, is read
//! and changed like any other. Each verb is one request; why a condition failed is found out from the item that
//! comes back with the refusal.
//!
//! Every write is safe to repeat, also by the SDK, which repeats what it has no answer to: an insert is known by its
//! change id, an append by the id of its entry in the set beside the list, an update by its change id while it is
//! the last one. A call of which an attempt was lost and whose end proves nothing is `Unknown`.

mod attempts;
mod change;
mod connection;
mod counts;
mod expression;
mod failure;
mod item;
mod layout;
mod page;
pub mod table;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tracing::warn;

use self::attempts::Attempts;
use self::change::{Adoption, Verdict};
pub use self::connection::Settings;
use self::item::{Attributes, Stored};
use super::fields_size;
use super::{Backend, Change, Error, Fields, ITEM_LIMIT_BYTES, Insert, Item, Page, Query, Schema, Update};

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
    async fn place(&self) -> Result<SemaphorePermit<'_>, Error> {
        // A free place is the rule, and needs no timer.
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        match timeout(PLACE_WAIT, self.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_closed)) => Err(Error::Unavailable("the store is closed".to_owned())),
            Err(_elapsed) => Err(Error::Throttled { retry_after: Some(PLACE_RETRY) }),
        }
    }

    /// Reads what cannot be there.
    async fn probe(&self) -> Result<(), Probe> {
        let _place = self.place().await.map_err(Probe::Failed)?;
        let key = AttributeValue::S(layout::no_key());
        let read =
            self.client.get_item().table_name(&self.table).key(&self.schema.key_field, key).send().await;
        match read {
            Ok(_) => Ok(()),
            Err(error) if failure::is_missing_table(&error) => Err(Probe::NoTable),
            Err(error) => Err(Probe::Failed(failure::of_read(&self.table, &error))),
        }
    }

    async fn read(&self, key: &str) -> Result<Option<Attributes>, Error> {
        let _place = self.place().await?;
        let key = AttributeValue::S(key.to_owned());
        let get = self.client.get_item().table_name(&self.table).key(&self.schema.key_field, key);
        let read = get.consistent_read(true).send().await;
        read.map(|read| read.item).map_err(|error| failure::of_read(&self.table, &error))
    }

    async fn try_update(
        &self,
        key: &str,
        change: &Change,
        adoption: Option<&Adoption>,
    ) -> Result<Tried, Error> {
        let expression = change::expression(&self.schema, change, adoption)?;
        let _place = self.place().await?;
        let attempts = Attempts::default();
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(&self.schema.key_field, AttributeValue::S(key.to_owned()))
            .update_expression(expression.update())
            .condition_expression(expression.condition())
            .set_expression_attribute_names(Some(expression.names))
            .set_expression_attribute_values(Some(expression.values))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send();
        let updated = attempts.watch(update).await;
        let lost = attempts.lost_one();
        match updated {
            Ok(updated) => Ok(Tried::Done(item::version(key, &updated.attributes.unwrap_or_default())?)),
            Err(error) if failure::is_item_size(&error) => Ok(Tried::TooLarge { lost }),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Tried::Refused { by: failed.item.clone(), lost })
                }
                Some(_) | None => Err(failure::of_write(&self.table, &error, lost)),
            },
        }
    }

    /// What a change comes to that makes the item too large: whatever forbids it comes first.
    async fn full(&self, key: &str, change: &Change) -> Result<Update, Error> {
        let Some(attributes) = self.read(key).await? else { return Ok(Update::Missing) };
        Ok(match change::judge(&self.schema, change, attributes)? {
            Verdict::Outcome(outcome) => outcome,
            Verdict::Adopt(_) | Verdict::Nothing => Update::Full,
        })
    }
}

#[async_trait]
impl Backend for DynamoDb {
    async fn get(&self, key: &str) -> Result<Option<Item>, Error> {
        let Some(attributes) = self.read(key).await? else { return Ok(None) };
        Ok(Some(Stored::read(&self.schema, attributes)?.item))
    }

    async fn insert(&self, key: &str, fields: Fields, change_id: &str) -> Result<Insert, Error> {
        if key.len() + fields_size(&fields) > ITEM_LIMIT_BYTES {
            return Err(Error::TooLarge);
        }
        let _place = self.place().await?;
        let attempts = Attempts::default();
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::new(&self.schema, key, fields, change_id)))
            .condition_expression("attribute_not_exists(#k)")
            .expression_attribute_names("#k", &self.schema.key_field)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send();
        let Err(error) = attempts.watch(put).await else { return Ok(Insert::Inserted(1)) };
        let taken = match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => failed.item.clone(),
            Some(_) | None => None,
        };
        let Some(attributes) = taken else {
            return Err(failure::of_write(&self.table, &error, attempts.lost_one()));
        };
        let stored = Stored::read(&self.schema, attributes)?;
        let same = stored.created_by.as_deref() == Some(change_id);
        Ok(if same { Insert::Repeated(stored.item) } else { Insert::Exists(stored.item) })
    }

    async fn update(&self, key: &str, change: Change) -> Result<Update, Error> {
        if change::is_hopeless(&change) {
            return self.full(key, &change).await;
        }
        let mut adoption = None;
        let mut lost = false;
        for _ in 0..ADOPTIONS {
            let outcome = match self.try_update(key, &change, adoption.as_ref()).await {
                Ok(Tried::Done(version)) => return Ok(Update::Updated(version)),
                Ok(Tried::TooLarge { lost: now }) => {
                    lost |= now;
                    self.full(key, &change).await?
                }
                Ok(Tried::Refused { by: None, lost: now }) => {
                    lost |= now;
                    Update::Missing
                }
                Ok(Tried::Refused { by: Some(attributes), lost: now }) => {
                    lost |= now;
                    match change::judge(&self.schema, &change, attributes)? {
                        Verdict::Outcome(outcome) => outcome,
                        Verdict::Adopt(entries) => {
                            adoption = Some(entries);
                            continue;
                        }
                        // Somebody else was faster, and the guards are in order now.
                        Verdict::Nothing if adoption.is_some() => {
                            adoption = None;
                            continue;
                        }
                        Verdict::Nothing => return Err(unexplained(key, lost)),
                    }
                }
                Err(error) if lost => return Err(Error::Unknown(error.to_string())),
                Err(error) => return Err(error),
            };
            return settled(&change, outcome, lost);
        }
        // Another program changes the list as fast as it is read.
        if lost { Err(unexplained(key, lost)) } else { Err(Error::Throttled { retry_after: None }) }
    }

    async fn query(&self, query: Query) -> Result<Page, Error> {
        self.page(&query).await
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

/// What became of one update.
enum Tried {
    Done(u64),
    /// By the item as it was; by none if there is none.
    Refused {
        by: Option<Attributes>,
        lost: bool,
    },
    TooLarge {
        lost: bool,
    },
}

/// Why the table cannot be read.
enum Probe {
    NoTable,
    Failed(Error),
}

/// Whether an outcome proves that nothing was stored. An entry that is not in its list was never stored; but a
/// change of fields alone, of which an attempt was lost, may have been stored and then been followed by another.
fn settled(change: &Change, outcome: Update, lost: bool) -> Result<Update, Error> {
    match outcome {
        Update::Stale(_) | Update::Refused(_) | Update::Full if lost && change.append.is_none() => {
            Err(Error::Unknown("an attempt was lost, and others have changed the item since".to_owned()))
        }
        Update::Stale(_)
        | Update::Refused(_)
        | Update::Full
        | Update::Missing
        | Update::Duplicate(_)
        | Update::Updated(_) => Ok(outcome),
    }
}

fn unexplained(key: &str, lost: bool) -> Error {
    let text = format!("the table refused a change of item {key:?} that nothing forbids");
    if lost { Error::Unknown(text) } else { Error::Unavailable(text) }
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
/// How often the guards of a list are made anew for one change.
const ADOPTIONS: usize = 4;
