//! Implements `get`, `insert` and `update` over a table.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::ToString;

use crate::{Change, Error, Fields, ITEM_LIMIT_BYTES, Insert, Item, Schema, Update, fields_size};

use crate::dynamodb::change::{self, Adoption, Verdict};
use crate::dynamodb::item::{self, Stored};
use crate::dynamodb::{Attributes, Expression, RequestError, ServiceError, Table, WriteResult};

/// Reads the current item under `key`.
pub async fn get(table: &impl Table, schema: &Schema, key: &str) -> Result<Option<Item>, Error> {
    let Some(attributes) = read(table, schema, key).await? else { return Ok(None) };
    Ok(Some(Stored::read(schema, attributes)?.item))
}

async fn read(table: &impl Table, schema: &Schema, key: &str) -> Result<Option<Attributes>, Error> {
    let read = table.read(item::key_of(schema, key)).await;
    read.map_err(|failure| failure.of_read(table.name()))
}

/// Stores a new item unless the key is taken.
pub async fn insert(
    table: &impl Table,
    schema: &Schema,
    key: &str,
    fields: Fields,
    change_id: &str,
) -> Result<Insert, Error> {
    if key.len() + fields_size(&fields) > ITEM_LIMIT_BYTES {
        return Err(Error::TooLarge);
    }
    let mut free = Expression::default();
    let key_field = free.name(&schema.key_field);
    free.only_if(format!("attribute_not_exists({key_field})"));
    match table.put(item::new(schema, key, fields, change_id), free).await {
        Ok(WriteResult::Done(_)) => Ok(Insert::Inserted(1)),
        Ok(WriteResult::Refused { by: Some(attributes), .. }) => {
            let stored = Stored::read(schema, attributes)?;
            let same = stored.created_by.as_deref() == Some(change_id);
            Ok(if same { Insert::Repeated(stored.item) } else { Insert::Exists(stored.item) })
        }
        Ok(WriteResult::Refused { by: None, lost }) => Err(unexplained(key, lost)),
        Err(failure) => Err(failure.of_write(table.name())),
    }
}

/// Applies `change` to the item under `key`, completely or not at all.
pub async fn update(table: &impl Table, schema: &Schema, key: &str, change: Change) -> Result<Update, Error> {
    if change::is_hopeless(&change) {
        return full(table, schema, key, &change).await;
    }
    let mut adoption = None;
    let mut lost = false;
    for _ in 0..ADOPTIONS {
        let judged = match try_update(table, schema, key, &change, adoption.as_ref()).await {
            Ok(UpdateAttempt::Done(version)) => return Ok(Update::Updated(version)),
            Ok(UpdateAttempt::TooLarge { lost: now }) => {
                lost |= now;
                full(table, schema, key, &change).await
            }
            Ok(UpdateAttempt::Refused { by: None, lost: now }) => {
                lost |= now;
                Ok(Update::Missing)
            }
            Ok(UpdateAttempt::Refused { by: Some(attributes), lost: now }) => {
                lost |= now;
                match change::judge(schema, &change, attributes) {
                    Err(error) => Err(error),
                    Ok(Verdict::Outcome(outcome)) => Ok(outcome),
                    Ok(Verdict::Adopt(entries)) => {
                        adoption = Some(entries);
                        continue;
                    }
                    // Another program has changed the item meanwhile, and the guards are right now.
                    Ok(Verdict::Nothing) if adoption.is_some() => {
                        adoption = None;
                        continue;
                    }
                    Ok(Verdict::Nothing) => return Err(unexplained(key, lost)),
                }
            }
            Err(error) => Err(error),
        };
        return match judged {
            Ok(outcome) => conclusive(&change, outcome, lost),
            // Also if only the read after a refusal failed: the lost attempt may be stored.
            Err(error) if lost => Err(Error::Unknown(error.to_string())),
            Err(error) => Err(error),
        };
    }
    // Another program changes the list again after each read.
    if lost { Err(unexplained(key, lost)) } else { Err(Error::Throttled { retry_after: None }) }
}

/// The result of one attempt at an update.
enum UpdateAttempt {
    Done(u64),
    /// The condition failed. `by` is the item that made it fail, or `None` if there is no item.
    Refused {
        by: Option<Attributes>,
        lost: bool,
    },
    TooLarge {
        lost: bool,
    },
}

async fn try_update(
    table: &impl Table,
    schema: &Schema,
    key: &str,
    change: &Change,
    adoption: Option<&Adoption>,
) -> Result<UpdateAttempt, Error> {
    let expression = change::expression(schema, change, adoption)?;
    match table.change(item::key_of(schema, key), expression).await {
        Ok(WriteResult::Done(attributes)) => Ok(UpdateAttempt::Done(item::version(key, &attributes)?)),
        Ok(WriteResult::Refused { by, lost }) => Ok(UpdateAttempt::Refused { by, lost }),
        Err(RequestError::Failed { service_error: Some(ServiceError::ItemSize), lost, .. }) => {
            Ok(UpdateAttempt::TooLarge { lost })
        }
        Err(failure) => Err(failure.of_write(table.name())),
    }
}

/// The outcome of a change that would make the item too large. Every other reason to refuse it takes precedence.
async fn full(table: &impl Table, schema: &Schema, key: &str, change: &Change) -> Result<Update, Error> {
    let Some(attributes) = read(table, schema, key).await? else { return Ok(Update::Missing) };
    Ok(match change::judge(schema, change, attributes)? {
        Verdict::Outcome(outcome) => outcome,
        Verdict::Adopt(_) | Verdict::Nothing => Update::Full,
    })
}

/// Returns the outcome if it is certain, and otherwise the error `Unknown`. An entry that is not in its list was never
/// stored, so the outcome of an append to an item is certain. But if an attempt was lost, it may arrive after this answer. A
/// change without an append may even have been stored, and another change may have followed. And an item that is
/// missing now may be there when the lost attempt arrives.
pub(super) fn conclusive(change: &Change, outcome: Update, lost: bool) -> Result<Update, Error> {
    let is_open = match outcome {
        Update::Stale(_) | Update::Refused(_) | Update::Full => change.append.is_none(),
        Update::Missing => true,
        Update::Duplicate(_) | Update::Updated(_) => false,
    };
    if lost && is_open {
        return Err(Error::Unknown(
            "the answer to an attempt was lost, and the write may still happen".to_owned(),
        ));
    }
    Ok(outcome)
}

fn unexplained(key: &str, lost: bool) -> Error {
    let text = format!("the table refused a change of item {key:?} for no visible reason");
    if lost { Error::Unknown(text) } else { Error::Unavailable(text) }
}

/// The most attempts at one change. Those after the first may make new guards.
const ADOPTIONS: usize = 4;
