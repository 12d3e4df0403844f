//! The difference between two states.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;
use serde_json::Value;

use super::form::Reading;
use super::unmatched::{pairs, places};
use super::{Exported, ExportedEntry, Ignored};
use crate::backend::{Entry, Item};

/// The most bytes of items and values that a difference shows. The rest is only counted.
pub const DIFFERENCE_LIMIT_BYTES: usize = 1 << 20;

/// What changed from one state to another.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The items that only the later state has, as [`line`](super::line) shows them.
    pub added: Vec<Value>,
    /// The items that only the earlier state has.
    pub removed: Vec<Value>,
    /// What changed in items that both states have.
    pub changed: Vec<Changed>,
    /// The number of differences that are not shown, because they would exceed [`DIFFERENCE_LIMIT_BYTES`].
    pub left_out: u64,
    #[serde(skip)]
    shown_bytes: usize,
}

/// One change within an item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    /// The key of the item in the later state.
    pub key: String,
    /// Where the change is in the line of the item, as a JSON pointer, for example `/fields/state` or `/lists/notes/0`. The
    /// number of an entry is that of the later state, or of the earlier state if the entry was removed.
    pub pointer: String,
    /// The value in the earlier state; null if there was none.
    pub from: Value,
    /// The value in the later state; null if there is none.
    pub to: Value,
}

impl Difference {
    /// Whether both states are equal apart from what is ignored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty() && self.left_out == 0
    }

    fn has_room(&mut self, bytes: usize) -> bool {
        let total = self.shown_bytes.saturating_add(bytes);
        if total > DIFFERENCE_LIMIT_BYTES {
            self.left_out += 1;
            return false;
        }
        self.shown_bytes = total;
        true
    }

    fn add(&mut self, item: &Item) {
        if self.has_room(item.size()) {
            self.added.push(json(&Exported(item)));
        }
    }

    fn remove(&mut self, item: &Item) {
        if self.has_room(item.size()) {
            self.removed.push(json(&Exported(item)));
        }
    }

    fn change(&mut self, key: &str, pointer: String, from: Value, to: Value) {
        let bytes = |value: &Value| if value.is_null() { 0 } else { value.to_string().len() };
        if self.has_room(key.len() + pointer.len() + bytes(&from) + bytes(&to)) {
            self.changed.push(Changed { key: key.to_owned(), pointer, from, to });
        }
    }
}

/// What changed between two states, apart from what is ignored. The order of the items does not count, and each key must be
/// unique in its state.
///
/// If keys are canonical, items with equal content are the same item whatever their keys are. Of the others, those with equal
/// keys are compared, and all that remain were added or removed.
#[must_use]
pub fn diff(from: &[Item], to: &[Item], ignored: &Ignored) -> Difference {
    let earlier = Reading::without_ranks(from, ignored);
    let later = Reading::without_ranks(to, ignored);
    let (only_from, only_to) = unequal(from, to, &earlier, &later);
    let mut found = only_to.iter().map(|item| (item.key.as_str(), *item)).collect::<HashMap<_, _>>();
    let mut difference = Difference::default();
    for before in only_from {
        match found.remove(before.key.as_str()) {
            Some(after) => {
                let sides = (Side::new(&earlier, before), Side::new(&later, after));
                compare_fields(&mut difference, &sides);
                compare_lists(&mut difference, &sides, ignored);
            }
            None => difference.remove(before),
        }
    }
    let added = only_to.into_iter().filter(|item| found.contains_key(item.key.as_str()));
    added.for_each(|item| difference.add(item));
    difference
}

/// The items of both states that have no equal in the other state, by key ascending.
fn unequal<'a>(
    from: &'a [Item],
    to: &'a [Item],
    earlier: &Reading<'a>,
    later: &Reading<'a>,
) -> (Vec<&'a Item>, Vec<&'a Item>) {
    let (from_forms, to_forms) = (earlier.forms(from), later.forms(to));
    let at = |items: &'a [Item], places: Vec<usize>| {
        let mut items = places.into_iter().filter_map(|place| items.get(place)).collect::<Vec<_>>();
        items.sort_by(|one, other| one.key.cmp(&other.key));
        items
    };
    (at(from, places(&from_forms, &to_forms)), at(to, places(&to_forms, &from_forms)))
}

/// An item of one of the states, with what is necessary to compare its parts.
struct Side<'s, 'a> {
    reading: &'s Reading<'a>,
    item: &'a Item,
    ids: HashSet<&'a str>,
}

impl<'s, 'a> Side<'s, 'a> {
    fn new(reading: &'s Reading<'a>, item: &'a Item) -> Side<'s, 'a> {
        Side { reading, item, ids: reading.ids(item) }
    }

    fn entries(&self, list: &str) -> &'a [Entry] {
        let found = self.item.lists.iter().find(|(name, _)| name == list);
        found.map_or(&[], |(_, entries)| entries.as_slice())
    }

    fn forms(&self, entries: &'a [Entry]) -> Vec<super::form::EntryForm<'a>> {
        entries.iter().map(|entry| self.reading.entry(entry, &self.ids)).collect()
    }
}

fn compare_fields(difference: &mut Difference, (before, after): &(Side<'_, '_>, Side<'_, '_>)) {
    let (from, to) = (&before.item.fields, &after.item.fields);
    let one = before.reading.fields(from, &before.ids);
    let other = after.reading.fields(to, &after.ids);
    for name in differing(&one, &other) {
        let pointer = format!("/fields/{}", escaped(name));
        difference.change(&after.item.key, pointer, value(from, name), value(to, name));
    }
}

fn compare_lists(
    difference: &mut Difference,
    (before, after): &(Side<'_, '_>, Side<'_, '_>),
    ignored: &Ignored,
) {
    let names = before.item.lists.iter().chain(&after.item.lists).map(|(name, _)| name.as_str());
    for name in names.collect::<BTreeSet<_>>() {
        let (from, to) = (before.entries(name), after.entries(name));
        let (one, other) = (before.forms(from), after.forms(to));
        for (earlier, later) in pairs(&one, &other, ignored) {
            let pointer = format!("/lists/{}/{}", escaped(name), later.or(earlier).unwrap_or_default());
            let fields = earlier.and_then(|at| one.get(at)).zip(later.and_then(|at| other.get(at)));
            let entry =
                |entries: &[Entry], place: Option<usize>| place.and_then(|at| entries.get(at)).cloned();
            let (from, to) = (entry(from, earlier), entry(to, later));
            match (fields, &from, &to) {
                (Some((one, other)), Some(from), Some(to)) if one.id == other.id => {
                    for name in differing(&one.fields, &other.fields) {
                        let pointer = format!("{pointer}/fields/{}", escaped(name));
                        let (from, to) = (value(&from.fields, name), value(&to.fields, name));
                        difference.change(&after.item.key, pointer, from, to);
                    }
                }
                _ => {
                    let shown = |entry: Option<&Entry>| {
                        entry.map_or(Value::Null, |entry| json(&ExportedEntry(entry)))
                    };
                    difference.change(&after.item.key, pointer, shown(from.as_ref()), shown(to.as_ref()));
                }
            }
        }
    }
}

/// The names of the fields whose values differ, in order.
fn differing<'a, V: PartialEq>(one: &[(&'a str, V)], other: &[(&'a str, V)]) -> Vec<&'a str> {
    let find = |fields: &'_ [(&'a str, V)], name: &str| fields.iter().position(|(other, _)| *other == name);
    let names = one.iter().chain(other).map(|(name, _)| *name).collect::<BTreeSet<_>>();
    let differs = |name: &&str| {
        let from = find(one, name).and_then(|at| one.get(at)).map(|(_, value)| value);
        let to = find(other, name).and_then(|at| other.get(at)).map(|(_, value)| value);
        from != to
    };
    names.into_iter().filter(differs).collect()
}

fn value(fields: &[(String, String)], name: &str) -> Value {
    let found = fields.iter().find(|(other, _)| other == name);
    found.map_or(Value::Null, |(_, value)| Value::from(value.as_str()))
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// A name as a part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::item;
    use super::super::{Keys, ListOrder, hash};
    use super::*;

    fn exact() -> Ignored {
        Ignored::default()
    }

    /// The changes as key, pointer, and both values.
    fn changes(from: &Item, to: &Item, ignored: &Ignored) -> Value {
        let (from, to) = (std::slice::from_ref(from), std::slice::from_ref(to));
        let difference = diff(from, to, ignored);
        assert_eq!(difference.is_empty(), hash(from, ignored) == hash(to, ignored));
        assert!(difference.added.is_empty() && difference.removed.is_empty());
        let change = |change: Changed| json!([change.pointer, change.from, change.to]);
        difference.changed.into_iter().map(change).collect()
    }

    #[test]
    fn items_are_added_removed_and_changed() {
        let from = [item("a", &[("f", "1")], &[]), item("b", &[("f", "1")], &[]), item("c", &[], &[])];
        let to = [item("b", &[("f", "2")], &[]), item("c", &[], &[]), item("d", &[("f", "1")], &[])];
        let found = serde_json::to_value(diff(&from, &to, &exact())).unwrap();
        let line = |key| json!({"key": key, "fields": {"f": "1"}, "lists": {}});
        let expected = json!({
            "added": [line("d")],
            "removed": [line("a")],
            "changed": [{"key": "b", "pointer": "/fields/f", "from": "1", "to": "2"}],
            "left_out": 0,
        });
        assert_eq!(found, expected);
        assert!(diff(&from, &from, &exact()).is_empty());
    }

    #[test]
    fn a_pointer_leads_to_what_changed() {
        let from = item("k", &[("a/b~c", "1"), ("gone", "x"), ("same", "s")], &[("n1", "x"), ("n2", "y")]);
        let to = item("k", &[("a/b~c", "2"), ("same", "s")], &[("n1", "z"), ("n3", "y"), ("n4", "w")]);
        let entry = |id, text| json!({"id": id, "fields": {"text": text}});
        let expected = json!([
            ["/fields/a~1b~0c", "1", "2"],
            ["/fields/gone", "x", null],
            ["/lists/notes/0/fields/text", "x", "z"],
            ["/lists/notes/1", entry("n2", "y"), entry("n3", "y")],
            ["/lists/notes/2", null, entry("n4", "w")],
        ]);
        assert_eq!(changes(&from, &to, &exact()), expected);
        let pointed = serde_json::to_value(Exported(&to)).unwrap();
        assert_eq!(pointed.pointer("/fields/a~1b~0c"), Some(&json!("2")));
        assert_eq!(pointed.pointer("/lists/notes/0/fields/text"), Some(&json!("z")));
    }

    #[test]
    fn what_is_ignored_is_not_a_difference() {
        let from = item("k", &[("at", "1")], &[("n1", "x"), ("n2", "y")]);
        let to = item("k", &[("at", "2")], &[("n2", "y"), ("n1", "x")]);
        let ignored = Ignored { fields: vec!["at".into()], lists: ListOrder::Set, keys: Keys::Exact };
        assert_eq!(changes(&from, &to, &ignored), json!([]));
        let to = item("k", &[("at", "2")], &[("n2", "z"), ("n1", "x")]);
        assert_eq!(changes(&from, &to, &ignored), json!([["/lists/notes/0/fields/text", "y", "z"]]));
    }

    #[test]
    fn without_keys_only_content_counts() {
        let ignored = Ignored { keys: Keys::Canonical, ..exact() };
        let from = [item("a", &[("f", "1")], &[("n1", "x")]), item("b", &[("f", "2")], &[])];
        let to = [item("y", &[("f", "2")], &[]), item("z", &[("f", "1")], &[("n9", "x")])];
        assert!(diff(&from, &to, &ignored).is_empty());
        let to = [item("y", &[("f", "3")], &[]), item("z", &[("f", "1")], &[("n9", "x")])];
        let difference = diff(&from, &to, &ignored);
        let key = |items: &[Value]| items.iter().map(|item| item["key"].clone()).collect::<Vec<_>>();
        assert_eq!((key(&difference.added), key(&difference.removed)), (vec![json!("y")], vec![json!("b")]));
        assert!(difference.changed.is_empty());
    }

    #[test]
    fn what_is_too_much_to_show_is_counted() {
        let long = "x".repeat(DIFFERENCE_LIMIT_BYTES / 3);
        let items = (0..5).map(|key| item(&key.to_string(), &[("f", &long)], &[])).collect::<Vec<_>>();
        let difference = diff(&[], &items, &exact());
        assert_eq!((difference.added.len(), difference.left_out), (2, 3));
        assert!(!difference.is_empty());
    }
}
