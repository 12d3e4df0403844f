//! What the desk stores and which contract it serves.

use crate::record;

/// One collection of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collection {
    /// The name that an item's key has where items are stored as attributes.
    pub key_field: &'static str,
    /// The fields that a listed item shows.
    pub listed: &'static [&'static str],
    /// The append-only lists of an item.
    pub lists: &'static [List],
    /// The indexes over the items.
    pub indexes: &'static [Index],
}

/// An append-only list of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// Its name.
    pub name: &'static str,
    /// The name that an entry's id has beside the fields of the entry.
    pub id_field: &'static str,
}

/// Lists the items that share the value of one field, ordered by another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// The name that a query names it by.
    pub name: &'static str,
    /// The field that the listed items share.
    pub partition: &'static str,
    /// The field that orders them.
    pub order: &'static str,
    /// Whether the desk can work without it.
    pub optional: bool,
}

/// What the desk stores: tickets.
#[must_use]
pub fn collection() -> Collection {
    Collection {
        key_field: record::TICKET_ID,
        listed: &record::FIELDS,
        lists: &[COMMENTS],
        indexes: &[TICKETS_OF_A_CALLER],
    }
}

/// The `OpenAPI` document of the operations that [`handle`](crate::handle) answers, in YAML.
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
