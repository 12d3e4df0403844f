//! The hash of a state.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::form::{self, EntryForm, Form};
use super::{Ignored, Keys};
use crate::backend::{Entry, Item};

/// The SHA-256 of a state as 64 hexadecimal digits. The order of `items` does not count, and each key must be unique.
///
/// Two states have the same hash if and only if they are equal apart from what is ignored; see [`Keys::Canonical`] for what
/// that means without keys.
#[must_use]
pub fn hash(items: &[Item], ignored: &Ignored) -> String {
    let mut hasher = Hasher::new(ignored.keys, items.len());
    if *ignored == Ignored::default() && items.is_sorted_by(|one, other| one.key < other.key) {
        // A snapshot needs no forms, which take longer than the digest.
        for whole in items {
            hasher.add(|bytes| item(bytes, whole));
        }
    } else {
        for form in form::sorted(items, ignored) {
            hasher.add(|bytes| formed(bytes, &form));
        }
    }
    hasher.finish()
}

/// Hashes the items of a state one after the other.
pub(crate) struct Hasher {
    digest: Sha256,
    /// The parts of an item are small, so they are collected before they are added to the digest.
    bytes: Vec<u8>,
}

impl Hasher {
    /// A state of so many items.
    pub(crate) fn new(keys: Keys, items: usize) -> Hasher {
        let mut hasher = Hasher { digest: Sha256::new(), bytes: Vec::new() };
        hasher.add(|bytes| {
            text(bytes, FORMAT);
            text(bytes, if keys == Keys::Exact { "exact" } else { "canonical" });
            number(bytes, items);
        });
        hasher
    }

    /// Adds what `write` writes: an item or a part of one.
    pub(crate) fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.digest.update(&self.bytes);
        self.bytes.clear();
    }

    /// Adds what was written elsewhere.
    pub(crate) fn add_written(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
    }

    pub(crate) fn finish(self) -> String {
        HEXLOWER.encode(&self.digest.finalize())
    }
}

/// Adds an item of which nothing is ignored.
fn item(bytes: &mut Vec<u8>, item: &Item) {
    text(bytes, &item.key);
    fields(bytes, &item.fields);
    lists(bytes, &item.lists);
}

/// Adds the lists of an item.
pub(crate) fn lists(bytes: &mut Vec<u8>, lists: &[(String, Vec<Entry>)]) {
    lists_of(bytes, lists, |bytes, entry| {
        text(bytes, &entry.id);
        fields(bytes, &entry.fields);
    });
}

/// Adds the form of an item, which has the same bytes if nothing is ignored.
fn formed(bytes: &mut Vec<u8>, form: &Form<'_>) {
    text(bytes, &form.key);
    fields(bytes, &form.fields);
    lists_of(bytes, &form.lists, |bytes, entry: &EntryForm<'_>| {
        text(bytes, &entry.id);
        fields(bytes, &entry.fields);
    });
}

fn lists_of<N: AsRef<str>, E>(bytes: &mut Vec<u8>, lists: &[(N, Vec<E>)], entry: impl Fn(&mut Vec<u8>, &E)) {
    number(bytes, lists.len());
    for (name, entries) in lists {
        text(bytes, name.as_ref());
        number(bytes, entries.len());
        for each in entries {
            entry(bytes, each);
        }
    }
}

fn fields<N: AsRef<str>, V: AsRef<str>>(bytes: &mut Vec<u8>, fields: &[(N, V)]) {
    number(bytes, fields.len());
    for (name, value) in fields {
        text(bytes, name.as_ref());
        text(bytes, value.as_ref());
    }
}

/// Adds a text and its length, so that no two states have the same input.
pub(crate) fn text(bytes: &mut Vec<u8>, text: &str) {
    number(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

fn number(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend_from_slice(&in_bytes(number));
}

/// A number as a part of the input.
pub(crate) fn in_bytes(number: usize) -> [u8; NUMBER_BYTES] {
    (number as u64).to_be_bytes()
}

/// The bytes of a number.
pub(crate) const NUMBER_BYTES: usize = 8;

/// The name of the format. It is part of the hash, so that hashes of different formats are never equal.
const FORMAT: &str = "portdesk state 1";

#[cfg(test)]
mod tests {
    use super::super::ListOrder;
    use super::super::tests::item;
    use super::*;

    fn exact(items: &[Item]) -> String {
        hash(items, &Ignored::default())
    }

    fn canonical(items: &[Item]) -> String {
        hash(items, &Ignored { keys: Keys::Canonical, ..Ignored::default() })
    }

    #[test]
    fn a_hash_depends_on_every_part_but_not_on_the_order_of_items_or_on_versions() {
        let base =
            || vec![item("a", &[("f", "1")], &[("n1", "x"), ("n2", "y")]), item("b", &[("f", "2")], &[])];
        let mut later = base();
        later.reverse();
        later[0].version = 7;
        assert_eq!(exact(&base()), exact(&later));
        assert_eq!(exact(&base()).len(), 64);
        let others = [
            vec![item("a", &[("f", "1")], &[("n1", "x"), ("n2", "y")])],
            vec![item("a", &[("f", "1")], &[("n1", "x"), ("n2", "y")]), item("c", &[("f", "2")], &[])],
            vec![item("a", &[("f", "1")], &[("n1", "x"), ("n2", "y")]), item("b", &[("g", "2")], &[])],
            vec![item("a", &[("f", "1")], &[("n1", "x"), ("n2", "y")]), item("b", &[("f", "3")], &[])],
            vec![item("a", &[("f", "1")], &[("n2", "y"), ("n1", "x")]), item("b", &[("f", "2")], &[])],
            vec![item("a", &[("f", "1")], &[("n1", "x"), ("n3", "y")]), item("b", &[("f", "2")], &[])],
            vec![item("a", &[("f", "1")], &[("n1", "x"), ("n2", "z")]), item("b", &[("f", "2")], &[])],
            vec![],
        ];
        for other in others {
            assert_ne!(exact(&base()), exact(&other), "{other:?}");
        }
    }

    #[test]
    fn parts_cannot_move_into_their_neighbours() {
        let joined = |name: &str, value: &str| exact(&[item("k", &[(name, value)], &[])]);
        assert_ne!(joined("ab", "c"), joined("a", "bc"));
        assert_ne!(
            exact(&[item("k", &[("a", "1")], &[]), item("l", &[], &[])]),
            exact(&[item("k", &[], &[]), item("l", &[("a", "1")], &[])])
        );
    }

    #[test]
    fn what_is_ignored_does_not_count() {
        let one = [item("a", &[("at", "1"), ("f", "1")], &[("n1", "x"), ("n2", "y")])];
        let other = [item("a", &[("at", "2"), ("f", "1")], &[("n2", "y"), ("n1", "x")])];
        let ignored = |fields: &[&str], lists| Ignored {
            fields: fields.iter().map(|name| (*name).to_owned()).collect(),
            lists,
            keys: Keys::Exact,
        };
        for (fields, lists, equal) in [
            (&["at"][..], ListOrder::Set, true),
            (&["at"], ListOrder::Ordered, false),
            (&[], ListOrder::Set, false),
            (&["at", "text"], ListOrder::Set, true),
        ] {
            let ignored = ignored(fields, lists);
            assert_eq!(hash(&one, &ignored) == hash(&other, &ignored), equal, "{ignored:?}");
        }
    }

    #[test]
    fn two_runs_with_other_ids_are_equal_without_keys() {
        // The keys sort differently, an item points to another one, and a field names an entry.
        let run = |one: &str, two: &str, note: &str| {
            vec![
                item(one, &[("f", "first"), ("last", note)], &[(note, "x")]),
                item(two, &[("f", "second"), ("parent", one)], &[]),
            ]
        };
        let first = run("a", "b", "n1");
        assert_eq!(canonical(&first), canonical(&run("z", "y", "n2")));
        assert_ne!(exact(&first), exact(&run("z", "y", "n2")));
        assert_ne!(canonical(&first), exact(&first));
        // The pointer leads to another item.
        let mut astray = run("a", "b", "n1");
        astray[1] = item("b", &[("f", "second"), ("parent", "b")], &[]);
        assert_ne!(canonical(&first), canonical(&astray));
    }

    #[test]
    fn items_with_equal_content_are_counted_without_keys() {
        let twice = [item("a", &[("f", "1")], &[]), item("b", &[("f", "1")], &[])];
        let again = [item("y", &[("f", "1")], &[]), item("x", &[("f", "1")], &[])];
        assert_eq!(canonical(&twice), canonical(&again));
        assert_ne!(canonical(&twice), canonical(&twice[..1]));
    }
}
