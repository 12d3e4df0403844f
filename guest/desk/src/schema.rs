//! Describes the items that the desk stores, and provides the contract that it serves.

use crate::record;

/// A collection of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collection {
    /// The name of an item's key in a store that keeps items as attributes.
    pub key_field: &'static str,
    /// The fields that a summary of an item has to show.
    pub listed: &'static [&'static str],
    /// The append-only lists of an item.
    pub lists: &'static [List],
    /// The indexes over the items.
    pub indexes: &'static [Index],
}

/// An append-only list of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// The name of the list.
    pub name: &'static str,
    /// The name of an entry's id in a store that keeps entries as attributes.
    pub id_field: &'static str,
}

/// An index lists the items that have the same value in one field, ordered by another field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// The name of the index in queries.
    pub name: &'static str,
    /// The field in which the listed items have the same value.
    pub partition: &'static str,
    /// The field that orders the items.
    pub order: &'static str,
    /// Whether the desk works without this index.
    pub optional: bool,
}

/// Returns the description of the items that the desk stores: tickets.
#[must_use]
pub fn collection() -> Collection {
    Collection {
        key_field: record::TICKET_ID,
        listed: &record::FIELDS,
        lists: &[COMMENTS],
        indexes: &[TICKETS_OF_A_CALLER],
    }
}

/// Returns the contract: the `OpenAPI` document, in YAML, of the operations that [`handle`](crate::handle) answers.
#[must_use]
pub fn openapi() -> &'static str {
    include_str!("../../../openapi.yaml")
}

const COMMENTS: List = List { name: record::COMMENTS, id_field: record::COMMENT_ID };

const TICKETS_OF_A_CALLER: Index = Index {
    name: record::CALLER_INDEX,
    partition: record::CALLER_ID,
    order: record::CREATED_AT,
    optional: false,
};
