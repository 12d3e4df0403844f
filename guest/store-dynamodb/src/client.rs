//! Makes the requests for a table in DynamoDB's protocol and reads the answers.

use items::dynamodb::{Attributes, Expression, QueryResult, Range, RequestError, Table, WriteResult};
use serde_json::{Map, Value, json};

use crate::attempts::{self, CallError};
use crate::{Platform, Settings, wire};

/// A client of one table.
#[derive(Debug)]
pub(crate) struct Client<O> {
    settings: Settings,
    platform: O,
}

impl<O: Platform> Client<O> {
    pub(crate) fn new(settings: Settings, platform: O) -> Client<O> {
        Client { settings, platform }
    }

    fn call(&self, operation: &str, mut request: Value) -> Result<Map<String, Value>, CallError> {
        if let Value::Object(request) = &mut request {
            request.insert("TableName".to_owned(), self.settings.table.clone().into());
        }
        attempts::call(&self.settings, &self.platform, operation, &request)
    }

    fn write(
        &self,
        operation: &str,
        mut request: Value,
        only_if: Expression,
    ) -> Result<WriteResult, RequestError> {
        if let Value::Object(request) = &mut request {
            request.insert("ConditionExpression".to_owned(), only_if.condition().into());
            request.insert("ReturnValuesOnConditionCheckFailure".to_owned(), "ALL_OLD".into());
            placeholders(request, only_if);
        }
        match self.call(operation, request) {
            Ok(mut answer) => {
                Ok(WriteResult::Done(attributes(&mut answer, "Attributes")?.unwrap_or_default()))
            }
            Err(CallError { condition: Some(mut answer), lost, .. }) => {
                Ok(WriteResult::Refused { by: attributes(&mut answer, "Item")?, lost })
            }
            Err(rejected) => Err(rejected.into()),
        }
    }
}

impl<O: Platform> Table for Client<O> {
    fn name(&self) -> &str {
        &self.settings.table
    }

    async fn read(&self, key: Attributes) -> Result<Option<Attributes>, RequestError> {
        let mut answer = self.call("GetItem", json!({ "Key": wire::object(key), "ConsistentRead": true }))?;
        attributes(&mut answer, "Item")
    }

    async fn put(&self, item: Attributes, only_if: Expression) -> Result<WriteResult, RequestError> {
        self.write("PutItem", json!({ "Item": wire::object(item) }), only_if)
    }

    async fn change(&self, key: Attributes, expression: Expression) -> Result<WriteResult, RequestError> {
        let request = json!({
            "Key": wire::object(key),
            "UpdateExpression": expression.update(),
            "ReturnValues": "UPDATED_NEW",
        });
        self.write("UpdateItem", request, expression)
    }

    async fn range(&self, range: Range) -> Result<QueryResult, RequestError> {
        let mut request = Map::from_iter([
            ("IndexName".to_owned(), range.index.into()),
            ("KeyConditionExpression".to_owned(), range.only_if.condition().into()),
            ("ScanIndexForward".to_owned(), false.into()),
            ("Limit".to_owned(), range.limit.into()),
        ]);
        placeholders(&mut request, range.only_if);
        if let Some(start) = range.start {
            request.insert("ExclusiveStartKey".to_owned(), wire::object(start));
        }
        let mut answer = self.call("Query", request.into())?;
        let Some(Value::Array(items)) = answer.remove("Items") else { return Err(unreadable()) };
        let items = items.into_iter().map(|item| wire::attributes(item).ok_or_else(unreadable));
        Ok(QueryResult {
            items: items.collect::<Result<_, _>>()?,
            next: attributes(&mut answer, "LastEvaluatedKey")?,
        })
    }
}

fn placeholders(request: &mut Map<String, Value>, expression: Expression) {
    let names = expression.names.into_iter().map(|(placeholder, name)| (placeholder, name.into()));
    request.insert("ExpressionAttributeNames".to_owned(), Value::Object(names.collect()));
    // DynamoDB refuses an empty set of values.
    if !expression.values.is_empty() {
        request.insert("ExpressionAttributeValues".to_owned(), wire::object(expression.values));
    }
}

/// Reads a member of an answer that consists of attributes. Returns `None` if the answer does not have it.
fn attributes(answer: &mut Map<String, Value>, member: &str) -> Result<Option<Attributes>, RequestError> {
    let Some(value) = answer.remove(member) else { return Ok(None) };
    wire::attributes(value).map(Some).ok_or_else(unreadable)
}

/// The error for an answer that cannot be read. A write may have been applied or refused, so its outcome is unknown.
fn unreadable() -> RequestError {
    let text = "an answer does not follow DynamoDB's protocol".to_owned();
    RequestError::Failed { service_error: None, text, lost: true }
}
