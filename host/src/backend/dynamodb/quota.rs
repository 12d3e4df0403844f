//! Counts in the table, for all hosts that share it. Each client and window has an item. Its key is one that no component
//! can name, and it has no attribute of an index, so no list shows it.
//!
//! A host takes units in batches, one request per batch, and then hands out the units locally. DynamoDB never gives a
//! unit to two hosts, so all hosts together never hand out more than the limit. If a host is killed, its unused units
//! are lost.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::config::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::{DynamoDb, layout};
use crate::backend::{Count, Error, QuotaStore};

#[async_trait]
impl QuotaStore for DynamoDb {
    async fn take(&self, count: &Count, units: u64, limit: u64) -> Result<u64, Error> {
        let _permit = self.permit().await.map_err(|failure| self.failed(failure))?;
        let taken = self
            .connection
            .client
            .update_item()
            .table_name(&self.table)
            .key(&self.schema.key_field, key(count))
            .update_expression("ADD #u :units")
            // The last batch may pass the limit. The units above it are handed out to nobody.
            .condition_expression("attribute_not_exists(#u) OR #u < :limit")
            .expression_attribute_names("#u", layout::USED)
            .expression_attribute_values(":units", number(units))
            .expression_attribute_values(":limit", number(limit))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await;
        let used = match taken {
            Ok(taken) => used(count, &taken.attributes.unwrap_or_default())?,
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => return Ok(0),
                Some(_) | None => return Err(self.failed(self.connection.read_failed("UpdateItem", &error))),
            },
        };
        Ok(units.saturating_sub(used.saturating_sub(limit)))
    }

    async fn give_back(&self, count: &Count, units: u64) -> Result<(), Error> {
        let _permit = self.permit().await.map_err(|failure| self.failed(failure))?;
        let given = self
            .connection
            .client
            .update_item()
            .table_name(&self.table)
            .key(&self.schema.key_field, key(count))
            .update_expression("ADD #u :units")
            .condition_expression("#u >= :least")
            .expression_attribute_names("#u", layout::USED)
            .expression_attribute_values(":units", AttributeValue::N(format!("-{units}")))
            .expression_attribute_values(":least", number(units))
            .customize()
            .config_override(Config::builder().retry_config(RetryConfig::disabled()))
            .send()
            .await;
        given.map(drop).map_err(|error| self.failed(self.connection.read_failed("UpdateItem", &error)))
    }

    async fn used(&self, count: &Count) -> Result<u64, Error> {
        let _permit = self.permit().await.map_err(|failure| self.failed(failure))?;
        let get =
            self.connection.client.get_item().table_name(&self.table).key(&self.schema.key_field, key(count));
        let read = get.consistent_read(true).send().await;
        let item = read.map_err(|error| self.failed(self.connection.read_failed("GetItem", &error)))?.item;
        item.map_or(Ok(0), |item| used(count, &item))
    }

    /// A hundredth of the quota, so that the units that lie unused at other hosts are a small part of it.
    fn batch_size(&self, limit: u64) -> u64 {
        (limit / 100).clamp(1, BATCH)
    }
}

fn key(count: &Count) -> AttributeValue {
    AttributeValue::S(layout::count_key(&count.client, &count.window))
}

pub(super) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn used(count: &Count, attributes: &HashMap<String, AttributeValue>) -> Result<u64, Error> {
    let used = attributes.get(layout::USED).and_then(|used| used.as_n().ok()?.parse().ok());
    used.ok_or_else(|| {
        Error::Corrupt(format!("the count of {} in {} is not a number", count.client, count.window))
    })
}

/// The most units in a batch.
const BATCH: u64 = 50;
