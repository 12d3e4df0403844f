//! The text that all hosts of a table share. It stands in two items that no component can name and no index lists: one has the text
//! and its version, the other only the version. A host looks for a change all the time and then reads only the small item.
//!
//! A writer replaces both items in one transaction, on the condition that the text has the version that the writer has read. So two
//! writers never overwrite each other, and a lost answer does no harm: DynamoDB performs a transaction with the same token once.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use jiff::Timestamp;

use super::attempts::Attempts;
use super::quota::number;
use super::{DynamoDb, layout};
use crate::backend::{Error, Expected, SharedText, VersionedText};

#[async_trait]
impl SharedText for DynamoDb {
    async fn version(&self) -> Result<Option<u64>, Error> {
        let item = self.read_reserved(layout::keys_version_key()).await?;
        item.as_ref().map(version).transpose()
    }

    async fn read(&self) -> Result<Option<VersionedText>, Error> {
        let Some(item) = self.read_reserved(layout::keys_key()).await? else { return Ok(None) };
        let version = version(&item)?;
        let text = item.get(layout::KEYS).and_then(|text| text.as_s().ok());
        let text =
            text.ok_or_else(|| Error::Corrupt(format!("the attribute {} is not a text", layout::KEYS)))?;
        Ok(Some(VersionedText { version, text: text.clone() }))
    }

    async fn replace(&self, text: &str, expected: Expected) -> Result<bool, Error> {
        let next = next_version(expected);
        let builders = self.puts(text, expected, next);
        let puts = builders.map_err(|_| Error::Invalid("the transaction cannot be built".to_owned()))?;
        let attempts = Attempts::default();
        let write = self.connection.client.transact_write_items().set_transact_items(Some(puts)).send();
        let Err(error) = attempts.watch(write).await else { return Ok(true) };
        if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
        {
            let codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
            if codes.into_iter().any(|code| LOST_RACES.contains(&code)) {
                return Ok(false);
            }
        }
        let failure = self.connection.write_failed("TransactWriteItems", &error, attempts.lost_one());
        Err(failure.of_write(&self.table))
    }
}

impl DynamoDb {
    /// Reads an item that no component can name. The read needs no permit, because a host has at most one such read in progress, and
    /// because requests that fill the store must not delay the end of a key.
    async fn read_reserved(&self, key: String) -> Result<Option<HashMap<String, AttributeValue>>, Error> {
        let get = self.connection.client.get_item().table_name(&self.table);
        let get = get.key(&self.schema.key_field, AttributeValue::S(key)).consistent_read(true);
        let read = get.send().await;
        read.map(|read| read.item)
            .map_err(|error| self.failed(self.connection.read_failed("GetItem", &error)))
    }

    /// The writes of a transaction that replaces the text and its version.
    fn puts(&self, text: &str, expected: Expected, next: u64) -> Result<Vec<TransactWriteItem>, BuildError> {
        let put = |key: String| {
            let put = Put::builder().table_name(&self.table);
            put.item(&self.schema.key_field, AttributeValue::S(key)).item(layout::VERSION, number(next))
        };
        let whole = put(layout::keys_key()).item(layout::KEYS, AttributeValue::S(text.to_owned()));
        let whole = match expected {
            Expected::Anything => whole,
            Expected::Nothing => whole
                .condition_expression("attribute_not_exists(#v)")
                .expression_attribute_names("#v", layout::VERSION),
            Expected::Version(version) => whole
                .condition_expression("#v = :v")
                .expression_attribute_names("#v", layout::VERSION)
                .expression_attribute_values(":v", number(version)),
        };
        let item = |put: Put| TransactWriteItem::builder().put(put).build();
        Ok(vec![item(whole.build()?), item(put(layout::keys_version_key()).build()?)])
    }
}

/// The version of a new text: the time in milliseconds, or one more than the version before. Without the time, a text that somebody
/// removed and made anew could get a version that hosts have seen before.
fn next_version(expected: Expected) -> u64 {
    let now = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
    match expected {
        Expected::Version(before) => now.max(before.saturating_add(1)),
        Expected::Anything | Expected::Nothing => now,
    }
}

fn version(item: &HashMap<String, AttributeValue>) -> Result<u64, Error> {
    let version = item.get(layout::VERSION).and_then(|version| version.as_n().ok()?.parse().ok());
    version.ok_or_else(|| Error::Corrupt(format!("the attribute {} is not a version", layout::VERSION)))
}

/// Why DynamoDB cancels a transaction if another one was faster.
const LOST_RACES: [&str; 2] = ["ConditionalCheckFailed", "TransactionConflict"];
