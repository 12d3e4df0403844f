//! The attributes of DynamoDB that items consist of.

use alloc::string::String;
use alloc::vec::Vec;

use alloc::collections::BTreeMap;

/// The names and values of an item, a key or an entry.
pub type Attributes = BTreeMap<String, AttributeValue>;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// A list.
    L(Vec<AttributeValue>),
    /// A map.
    M(Attributes),
    /// A number, as text.
    N(String),
    /// A value of any other type. Items of this store have none, so such a value is read but never written.
    Other,
    /// A string.
    S(String),
    /// A set of strings.
    Ss(Vec<String>),
}

impl AttributeValue {
    /// The list, if the value is one.
    #[must_use]
    pub fn as_l(&self) -> Option<&Vec<AttributeValue>> {
        if let AttributeValue::L(list) = self { Some(list) } else { None }
    }

    /// The number, if the value is one.
    #[must_use]
    pub fn as_n(&self) -> Option<&String> {
        if let AttributeValue::N(number) = self { Some(number) } else { None }
    }

    /// The string, if the value is one.
    #[must_use]
    pub fn as_s(&self) -> Option<&String> {
        if let AttributeValue::S(text) = self { Some(text) } else { None }
    }

    /// The set, if the value is one.
    #[must_use]
    pub fn as_ss(&self) -> Option<&Vec<String>> {
        if let AttributeValue::Ss(texts) = self { Some(texts) } else { None }
    }
}
