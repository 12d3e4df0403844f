//! What is asked of a table: four requests, each with placeholders for every name and value.

use crate::{Attributes, Expression, RequestError};

/// A table of DynamoDB.
///
/// Who implements this speaks the protocol and repeats what failed; what a request says, and what its answer
/// means, is decided before and after.
#[expect(
    async_fn_in_trait,
    reason = "both implementations are known where they are called; one is not `Send`"
)]
pub trait Table {
    /// The table's name, for texts.
    fn name(&self) -> &str;

    /// `GetItem`, consistent.
    async fn read(&self, key: Attributes) -> Result<Option<Attributes>, RequestError>;

    /// `PutItem` on a condition.
    async fn put(&self, item: Attributes, only_if: Expression) -> Result<WriteResult, RequestError>;

    /// `UpdateItem` on a condition.
    async fn change(&self, key: Attributes, expression: Expression) -> Result<WriteResult, RequestError>;

    /// `Query` of an index, in descending order.
    async fn range(&self, range: Range) -> Result<QueryResult, RequestError>;
}

/// What became of a write on a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteResult {
    /// Done. An update brings the attributes that it set, as they are now.
    Done(Attributes),
    /// The condition does not hold.
    Refused {
        /// The item as it was; none if there is none.
        by: Option<Attributes>,
        /// Whether an earlier attempt of this request may have been applied.
        lost: bool,
    },
}

/// A part of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The name of the index.
    pub index: String,
    /// Which items: the condition is a `KeyConditionExpression`.
    pub only_if: Expression,
    /// The most items to read.
    pub limit: usize,
    /// Where to go on.
    pub start: Option<Attributes>,
}

/// What a query found, and where the next one starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryResult {
    /// The items, in order.
    pub items: Vec<Attributes>,
    /// None where the list ended.
    pub next: Option<Attributes>,
}
