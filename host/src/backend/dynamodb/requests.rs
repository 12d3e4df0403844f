//! The four requests of `items::dynamodb`, made with the SDK.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use items::dynamodb::{Attributes, Expression, QueryResult, Range, RequestError, Table, WriteResult};

use super::DynamoDb;
use super::attempts::Attempts;
use super::attribute::{from_sdk, to_sdk};

impl Table for DynamoDb {
    fn name(&self) -> &str {
        &self.table
    }

    async fn read(&self, key: Attributes) -> Result<Option<Attributes>, RequestError> {
        let _permit = self.permit().await?;
        let get = self.connection.client.get_item().table_name(&self.table).set_key(Some(to_sdk(key)));
        let read = get.consistent_read(true).send().await;
        read.map(|read| read.item.map(from_sdk))
            .map_err(|error| self.connection.read_failed("GetItem", &error))
    }

    async fn put(&self, item: Attributes, only_if: Expression) -> Result<WriteResult, RequestError> {
        let _permit = self.permit().await?;
        let attempts = Attempts::default();
        let put = self
            .connection
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(to_sdk(item)))
            .condition_expression(only_if.condition())
            .set_expression_attribute_names(Some(only_if.names.into_iter().collect()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send();
        let Err(error) = attempts.watch(put).await else { return Ok(WriteResult::Done(Attributes::new())) };
        let lost = attempts.lost_one();
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                Ok(WriteResult::Refused { by: failed.item.clone().map(from_sdk), lost })
            }
            Some(_) | None => Err(self.connection.write_failed("PutItem", &error, lost)),
        }
    }

    async fn change(&self, key: Attributes, expression: Expression) -> Result<WriteResult, RequestError> {
        let _permit = self.permit().await?;
        let attempts = Attempts::default();
        let update = self
            .connection
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(to_sdk(key)))
            .update_expression(expression.update())
            .condition_expression(expression.condition())
            .set_expression_attribute_names(Some(expression.names.into_iter().collect()))
            .set_expression_attribute_values(Some(to_sdk(expression.values)))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send();
        let error = match attempts.watch(update).await {
            Ok(updated) => return Ok(WriteResult::Done(from_sdk(updated.attributes.unwrap_or_default()))),
            Err(error) => error,
        };
        let lost = attempts.lost_one();
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                Ok(WriteResult::Refused { by: failed.item.clone().map(from_sdk), lost })
            }
            Some(_) | None => Err(self.connection.write_failed("UpdateItem", &error, lost)),
        }
    }

    async fn range(&self, range: Range) -> Result<QueryResult, RequestError> {
        let _permit = self.permit().await?;
        let found = self
            .connection
            .client
            .query()
            .table_name(&self.table)
            .index_name(range.index)
            .key_condition_expression(range.only_if.condition())
            .set_expression_attribute_names(Some(range.only_if.names.into_iter().collect()))
            .set_expression_attribute_values(Some(to_sdk(range.only_if.values)))
            .scan_index_forward(false)
            .limit(i32::try_from(range.limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(range.start.map(to_sdk))
            .send()
            .await;
        let found = found.map_err(|error| self.connection.read_failed("Query", &error))?;
        let items = found.items.unwrap_or_default().into_iter().map(from_sdk).collect();
        Ok(QueryResult { items, next: found.last_evaluated_key.map(from_sdk) })
    }
}
