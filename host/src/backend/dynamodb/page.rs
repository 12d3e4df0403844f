//! A page of an index, read by as many queries as it takes: one, but for pages of more than a megabyte.

use aws_sdk_dynamodb::types::AttributeValue;

use super::attempts::Attempts;
use super::item::{self, Attributes};
use super::{DynamoDb, failure};
use crate::backend::{Error, Index, Page, Position, Query, Summary};

impl DynamoDb {
    pub(super) async fn page(&self, query: &Query) -> Result<Page, Error> {
        let unknown = || Error::Invalid(format!("there is no index {:?}", query.index));
        let index = self.schema.indexes.iter().find(|index| index.name == query.index);
        let index = index.ok_or_else(unknown)?;
        let mut start = query.after.as_ref().map(|after| self.start(index, &query.value, after));
        let wanted = query.limit as usize;
        let mut items = Vec::new();
        loop {
            // One more than asked for tells whether the list goes on.
            let left = wanted + 1 - items.len();
            let (found, next) = self.part(index, &query.value, left, start).await?;
            for attributes in found {
                items.push(self.listed(index, attributes)?);
            }
            start = next;
            if items.len() > wanted || start.is_none() {
                break;
            }
        }
        let more = items.len() > wanted;
        items.truncate(wanted);
        let next = items.last().filter(|_| more).map(|(position, _)| position.clone());
        Ok(Page { items: items.into_iter().map(|(_, summary)| summary).collect(), next })
    }

    /// One query: what it found, and where the next one starts.
    async fn part(
        &self,
        index: &Index,
        value: &str,
        limit: usize,
        start: Option<Attributes>,
    ) -> Result<(Vec<Attributes>, Option<Attributes>), Error> {
        let _place = self.place().await?;
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(&index.name)
            .key_condition_expression("#p = :v")
            .expression_attribute_names("#p", &index.partition)
            .expression_attribute_values(":v", AttributeValue::S(value.to_owned()))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .customize()
            .interceptor(Attempts::counted(&self.retries))
            .send()
            .await;
        match found {
            Ok(found) => Ok((found.items.unwrap_or_default(), found.last_evaluated_key)),
            Err(error) if index.optional && failure::is_missing_index(&error) => {
                Err(Error::Invalid(format!(
                    "table {:?} lacks the optional index {:?}; nothing else needs it ({})",
                    self.table,
                    index.name,
                    failure::text(&error)
                )))
            }
            Err(error) => Err(failure::of_read(&self.table, &error)),
        }
    }

    /// Where a query goes on. The partition is always that of the query: a forged position cannot leave it.
    fn start(&self, index: &Index, value: &str, after: &Position) -> Attributes {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        Attributes::from([
            (self.schema.key_field.clone(), text(&after.key)),
            (index.partition.clone(), text(value)),
            (index.order.clone(), text(&after.order)),
        ])
    }

    /// An item and its place in the list.
    fn listed(&self, index: &Index, attributes: Attributes) -> Result<(Position, Summary), Error> {
        let summary = item::summary(&self.schema, attributes)?;
        let order = summary.fields.iter().find(|(name, _)| *name == index.order);
        let misplaced = || Error::Corrupt(format!("item {:?} has no text in {:?}", summary.key, index.order));
        let (_, order) = order.ok_or_else(misplaced)?;
        Ok((Position { order: order.clone(), key: summary.key.clone() }, summary))
    }
}
