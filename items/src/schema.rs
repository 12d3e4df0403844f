//! What a component stores.

use alloc::string::String;
use alloc::vec::Vec;

/// What a component stores: `schema.collection-schema`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The name that the key has where items are stored as attributes.
    pub key_field: String,
    /// The fields that a summary has to show, beside those of the indexes.
    pub listed: Vec<String>,
    /// The append-only lists.
    pub lists: Vec<List>,
    /// The indexes over the items.
    pub indexes: Vec<Index>,
}

/// An append-only list of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its name.
    pub name: String,
    /// The name that an entry's id has where entries are stored as attributes.
    pub id_field: String,
}

/// Lists the items that share the value of one field, ordered by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// What `query` names it by.
    pub name: String,
    /// The field whose value the listed items share.
    pub partition: String,
    /// The field that orders them.
    pub order: String,
    /// Whether a store may lack it.
    pub optional: bool,
}
