//! Reads a page of an index. This takes one query, or more for a page of more than a megabyte.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::vec::Vec;

use crate::{Error, Index, Page, Position, Query, Schema, Summary};

use crate::dynamodb::item;
use crate::dynamodb::{
    AttributeValue, Attributes, Expression, QueryResult, Range, RequestError, ServiceError, Table,
};

/// Reads a page of an index, in descending order of the order value.
pub async fn query(table: &impl Table, schema: &Schema, query: &Query) -> Result<Page, Error> {
    let unknown = || Error::Invalid(format!("there is no index {:?}", query.index));
    let index = schema.indexes.iter().find(|index| index.name == query.index);
    let index = index.ok_or_else(unknown)?;
    let mut from = query.after.as_ref().map(|after| start(schema, index, &query.value, after));
    let wanted = query.limit as usize;
    let mut items = Vec::new();
    loop {
        // One additional item shows whether there is a next page.
        let left = wanted + 1 - items.len();
        let found = part(table, index, &query.value, left, from).await?;
        for attributes in found.items {
            items.push(listed(schema, index, attributes)?);
        }
        from = found.next;
        if items.len() > wanted || from.is_none() {
            break;
        }
    }
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next = items.last().filter(|_| more).map(|(position, _)| position.clone());
    Ok(Page { items: items.into_iter().map(|(_, summary)| summary).collect(), next })
}

/// Makes one query.
async fn part(
    table: &impl Table,
    index: &Index,
    value: &str,
    limit: usize,
    start: Option<Attributes>,
) -> Result<QueryResult, Error> {
    let mut only_if = Expression::default();
    let (partition, value) = (only_if.name(&index.partition), only_if.text(value));
    only_if.only_if(format!("{partition} = {value}"));
    match table.range(Range { index: index.name.clone(), only_if, limit, start }).await {
        Ok(found) => Ok(found),
        Err(RequestError::Failed { service_error: Some(ServiceError::NoIndex), text, .. })
            if index.optional =>
        {
            Err(Error::Invalid(format!(
                "table {:?} lacks the optional index {:?}, which only this list needs ({text})",
                table.name(),
                index.name,
            )))
        }
        Err(failure) => Err(failure.of_index(table.name(), &index.name)),
    }
}

/// The key at which a query continues. The partition always comes from the query, so a forged position cannot lead to
/// another partition.
fn start(schema: &Schema, index: &Index, value: &str, after: &Position) -> Attributes {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    Attributes::from([
        (schema.key_field.clone(), text(&after.key)),
        (index.partition.clone(), text(value)),
        (index.order.clone(), text(&after.order)),
    ])
}

/// An item and its position in the list.
fn listed(schema: &Schema, index: &Index, attributes: Attributes) -> Result<(Position, Summary), Error> {
    let summary = item::summary(schema, attributes)?;
    let order = summary.fields.iter().find(|(name, _)| *name == index.order);
    let misplaced = || Error::Corrupt(format!("item {:?} has no text in {:?}", summary.key, index.order));
    let (_, order) = order.ok_or_else(misplaced)?;
    Ok((Position { order: order.clone(), key: summary.key.clone() }, summary))
}
