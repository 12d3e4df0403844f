//! The state of a store for tests: as lines of text, as a hash, and as the difference between two states.
//!
//! A state consists of keys, fields and lists. Versions and change ids are not part of it, because they say how a state was
//! reached. All values are text: a store knows no other type.

mod diff;
mod form;
pub(crate) mod hash;
mod unmatched;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

pub use self::diff::{Changed, DIFFERENCE_LIMIT_BYTES, Difference, diff};
pub use self::hash::hash;
use crate::backend::{Entry, Item};

/// What a comparison of states ignores. The default ignores nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ignored {
    /// The names of fields, both of items and of entries.
    #[serde(default, rename = "ignore")]
    pub fields: Vec<String>,
    /// Whether the order of a list counts.
    #[serde(default)]
    pub lists: ListOrder,
    /// Whether keys and entry ids count.
    #[serde(default)]
    pub keys: Keys,
}

/// Whether the order of a list counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListOrder {
    /// Lists are equal if they have equal entries in the same order.
    #[default]
    Ordered,
    /// Lists are equal if they have equal entries in any order, as after writes that raced.
    Set,
}

/// Whether keys and entry ids count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keys {
    /// Keys and entry ids count as they are.
    #[default]
    Exact,
    /// Two states are equal if they differ only in their keys and entry ids, as after two runs with random ids. Each key
    /// becomes the rank of its item among all items, ordered by their content without keys; items with equal content share a
    /// rank. A field whose whole value is a key becomes that rank too. Entry ids do not count, nor do fields whose whole
    /// value is the id of an entry of the same item.
    Canonical,
}

/// An item as one line of JSON with a line break: `{"key", "fields": {name: value}, "lists": {name: [{"id", "fields"}]}}`.
#[must_use]
pub fn line(item: &Item) -> String {
    let mut line = serde_json::to_string(&Exported(item)).unwrap_or_default();
    line.push('\n');
    line
}

/// An item as a value of JSON, in the form of its line.
#[must_use]
pub fn value(item: &Item) -> serde_json::Value {
    serde_json::to_value(Exported(item)).unwrap_or_default()
}

/// An item as its line shows it.
#[derive(Debug)]
struct Exported<'a>(&'a Item);

impl Serialize for Exported<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(3))?;
        object.serialize_entry("key", &self.0.key)?;
        object.serialize_entry("fields", &Named(&self.0.fields))?;
        let lists =
            self.0.lists.iter().map(|(name, entries)| {
                (name.as_str(), entries.iter().map(ExportedEntry).collect::<Vec<_>>())
            });
        object.serialize_entry("lists", &Named(&lists.collect::<Vec<_>>()))?;
        object.end()
    }
}

/// An entry as the line of its item shows it.
#[derive(Debug)]
struct ExportedEntry<'a>(&'a Entry);

impl Serialize for ExportedEntry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(2))?;
        object.serialize_entry("id", &self.0.id)?;
        object.serialize_entry("fields", &Named(&self.0.fields))?;
        object.end()
    }
}

/// Pairs that become a JSON object in their own order.
struct Named<'a, N, V>(&'a [(N, V)]);

impl<N: Serialize, V: Serialize> Serialize for Named<'_, N, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// An item from its key, its fields, and the ids and texts of its notes.
    pub(super) fn item(key: &str, fields: &[(&str, &str)], notes: &[(&str, &str)]) -> Item {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let entry = |(id, text): &(&str, &str)| Entry {
            id: (*id).to_owned(),
            fields: Arc::new(vec![("text".to_owned(), (*text).to_owned())]),
        };
        let entries = notes.iter().map(entry).collect::<Vec<_>>();
        let lists = if entries.is_empty() { vec![] } else { vec![("notes".to_owned(), entries)] };
        Item { key: key.to_owned(), version: 1, fields: Arc::new(fields.iter().map(owned).collect()), lists }
    }

    #[test]
    fn a_line_has_everything_but_versions() {
        let item = item("k\n", &[("a", "\"1\""), ("b", "2")], &[("n1", "first"), ("n2", "second")]);
        let expected = "{\"key\":\"k\\n\",\"fields\":{\"a\":\"\\\"1\\\"\",\"b\":\"2\"},\"lists\":{\"notes\":[\
                        {\"id\":\"n1\",\"fields\":{\"text\":\"first\"}},\
                        {\"id\":\"n2\",\"fields\":{\"text\":\"second\"}}]}}\n";
        assert_eq!(line(&item), expected);
    }

    #[test]
    fn what_is_ignored_is_read_from_json() {
        let read = |json| serde_json::from_value::<Ignored>(json);
        let wanted =
            Ignored { fields: vec!["created_at".to_owned()], lists: ListOrder::Set, keys: Keys::Canonical };
        let json = serde_json::json!({"ignore": ["created_at"], "lists": "set", "keys": "canonical"});
        assert_eq!(read(json).unwrap(), wanted);
        assert_eq!(read(serde_json::json!({})).unwrap(), Ignored::default());
        assert!(read(serde_json::json!({"key": "exact"})).is_err());
    }
}
