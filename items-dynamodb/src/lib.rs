//! Items in a table of Amazon DynamoDB, as other programs have it, for every program that serves such a table: the
//! host, through the SDK, and the component `guest/store-dynamodb`, through `wasi:http`. Both may serve one table at
//! the same time, because what decides about a write is here and nowhere else.
//!
//! A key is the partition key, a field a string attribute, a list a list of maps, an index of the schema a global
//! secondary index. What is kept beside that is in `layout`; an item without it, that another program wrote, is read
//! and changed like any other. Each verb is one request; why a condition failed is found out from the item that
//! comes back with the refusal.
//!
//! Every write is safe to repeat, also by a [`Table`], which repeats what it has no answer to: an insert is known by
//! its change id, an append by the id of its entry in the set beside the list, an update by its change id while it is
//! the last one. A call of which an attempt was lost and whose end proves nothing is `Unknown`.

mod probe;
mod verbs;
mod page;
mod change;
mod item;
mod expression;
pub mod layout;

mod table;
mod error;
mod request_error;
mod service_error;
mod answer_text;
mod attribute;

pub mod location;

#[cfg(test)]
mod tests;

pub use answer_text::AnswerText;
pub use attribute::{AttributeValue, Attributes};
pub use error::Error;
pub use expression::Expression;
pub use location::Endpoint;
pub use page::query;
pub use probe::probe;
pub use request_error::RequestError;
pub use service_error::ServiceError;
pub use table::{QueryResult, Range, Table, WriteResult};
pub use verbs::{get, insert, update};
