//! The schema of a component's items.

use alloc::string::String;
use alloc::vec::Vec;

/// The schema of a component's items: `schema.collection-schema` of the WIT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The name of the key in stores that keep items as attributes.
    pub key_field: String,
    /// The fields that a summary must show, in addition to those of the indexes.
    pub listed: Vec<String>,
    /// The append-only lists.
    pub lists: Vec<List>,
    /// The indexes over the items.
    pub indexes: Vec<Index>,
}

/// An append-only list of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The name of the list.
    pub name: String,
    /// The name of an entry's id in stores that keep entries as attributes.
    pub id_field: String,
}

/// An index. It lists the items that share the value of one field, ordered by another field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// The name of the index, which `query` uses.
    pub name: String,
    /// The field whose value the listed items share.
    pub partition: String,
    /// The field that orders them.
    pub order: String,
    /// Whether a store may lack it.
    pub optional: bool,
}
