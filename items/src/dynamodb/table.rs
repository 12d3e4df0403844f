//! The four requests to a table. Every name and value in them is a placeholder.

use alloc::string::String;
use alloc::vec::Vec;

use crate::dynamodb::{Attributes, Expression, RequestError};

/// A table of DynamoDB.
///
/// An implementation sends the requests, and repeats them if they fail. It does not decide what a request contains or what
/// its answer means.
#[expect(async_fn_in_trait, reason = "the callers know the implementation, and one of the two is not `Send`")]
pub trait Table {
    /// The table's name, for error texts.
    fn name(&self) -> &str;

    /// Sends `GetItem` with a consistent read.
    async fn read(&self, key: Attributes) -> Result<Option<Attributes>, RequestError>;

    /// Sends `PutItem` with a condition.
    async fn put(&self, item: Attributes, only_if: Expression) -> Result<WriteResult, RequestError>;

    /// Sends `UpdateItem` with a condition.
    async fn change(&self, key: Attributes, expression: Expression) -> Result<WriteResult, RequestError>;

    /// Sends a `Query` of an index, in descending order.
    async fn range(&self, range: Range) -> Result<QueryResult, RequestError>;
}

/// The outcome of a write with a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteResult {
    /// The write is done. An update returns the new values of the attributes that it changed.
    Done(Attributes),
    /// The condition does not hold.
    Refused {
        /// The item that made the condition fail; `None` if there is no item.
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
    /// The condition for the items to read, a `KeyConditionExpression`.
    pub only_if: Expression,
    /// The most items to read.
    pub limit: usize,
    /// The key after which the query starts.
    pub start: Option<Attributes>,
}

/// The items that a query found, and where the next query starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryResult {
    /// The items, in order.
    pub items: Vec<Attributes>,
    /// The key after which the next query starts; `None` at the end of the list.
    pub next: Option<Attributes>,
}
