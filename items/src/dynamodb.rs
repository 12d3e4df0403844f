//! Items in a table of Amazon DynamoDB. Two programs use this: the host, through the SDK, and the component
//! `guest/store-dynamodb`, through `wasi:http`. Both may serve the same table concurrently, because the rules of a write
//! are defined only here. Other programs may use the table too.
//!
//! The item's key is the partition key, a field is a string attribute, a list is a list of maps, and an index of the
//! schema is a global secondary index. `layout` names the store's own attributes. An item without them, which another
//! program wrote, is read and changed like any other. Each verb is one request. If its condition fails, DynamoDB
//! returns the item with the refusal, and the reason is found there.
//!
//! Every write is safe to repeat, also by a [`Table`], which repeats a request without an answer. An insert is recognized
//! by its change id, an append by the id of its entry in the set of ids, and an update by its change id while it is
//! the item's last update. If the answer to an attempt was lost and the last answer proves nothing about that attempt,
//! the call fails with `Unknown`.

mod probe;
mod verbs;
mod page;
mod change;
mod item;
mod expression;
pub mod layout;

mod table;
mod request_error;
mod service_error;
mod answer_text;
mod attribute;

pub mod location;

#[cfg(test)]
mod tests;

pub use self::answer_text::AnswerText;
pub use self::attribute::{AttributeValue, Attributes};
pub use self::expression::Expression;
pub use self::location::Endpoint;
pub use self::page::query;
pub use self::probe::probe;
pub use self::request_error::RequestError;
pub use self::service_error::ServiceError;
pub use self::table::{QueryResult, Range, Table, WriteResult};
pub use self::verbs::{get, insert, update};
