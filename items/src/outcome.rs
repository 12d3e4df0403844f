//! The calls to a store and their outcomes.

use alloc::string::String;
use alloc::vec::Vec;

use crate::limits::LimitError;
use crate::{Entry, Fields, Item, Schema, Summary, cursor, limits};

/// The outcome of an insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Insert {
    /// The key was free; the item is stored and has this version.
    Inserted(u64),
    /// The same insert (by its change id) was stored before. This is the current item.
    Repeated(Item),
    /// Another insert holds the key. This is the current item.
    Exists(Item),
}

/// One atomic change of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The id of the change. A repeat of the change has the same id.
    pub id: String,
    /// Condition: the item has this version.
    pub at_version: Option<u64>,
    /// Condition: none of these fields has the given value.
    pub unless: Fields,
    /// Condition: none of these fields has a value greater than the given one, compared byte by byte.
    pub unless_above: Fields,
    /// The fields to set.
    pub set: Fields,
    /// The entry to append.
    pub append: Option<Append>,
}

/// An entry to append, and the limit of its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The name of the list.
    pub list: String,
    /// The entry.
    pub entry: Entry,
    /// The most entries that the list may have after the append.
    pub max_entries: u32,
}

/// The outcome of an update. If several apply, the first one in this order is returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// No item has the key.
    Missing,
    /// The list already has this entry under the id of the entry to append.
    Duplicate(Entry),
    /// The item has another version than `at_version`. A repeat of the item's last change is not stale.
    Stale(Item),
    /// A field has a value that `unless` or `unless_above` excludes.
    Refused(Item),
    /// The list or the item is at its limit.
    Full,
    /// The change is stored, now or before as the item's last change. The item has this version.
    Updated(u64),
}

/// Which page of an index to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The name of an index of the schema.
    pub index: String,
    /// The value of the index's partition field.
    pub value: String,
    /// The most items to return, 1 to 100.
    pub limit: u32,
    /// The position behind which the page begins.
    pub after: Option<Position>,
}

impl Query {
    /// Checks the limits of a query and reads its cursor.
    pub fn read(
        schema: &Schema,
        index: String,
        value: String,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Query, QueryError> {
        limits::query(schema, &index, &value, limit)?;
        let read = |text| cursor::read(text, &index, &value).ok_or(QueryError::Cursor);
        let after = cursor.map(read).transpose()?;
        Ok(Query { index, value, limit, after })
    }

    /// The cursor with which a query for the same list continues after `page`; `None` if `page` is the last one.
    #[must_use]
    pub fn cursor(&self, page: &Page) -> Option<String> {
        page.next.as_ref().map(|position| cursor::write(position, &self.index, &self.value))
    }
}

/// Why a query is refused before the store reads anything.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The store did not make the cursor for this query.
    #[error("a cursor of another query")]
    Cursor,
    /// The query breaks a limit. This is a defect of the component.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// A position in the order of an index. There may be no item at the position any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The value of the order field.
    pub order: String,
    /// The key.
    pub key: String,
}

/// A page of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The items, in order.
    pub items: Vec<Summary>,
    /// The position behind which the next page begins; `None` at the end of the list.
    pub next: Option<Position>,
}
