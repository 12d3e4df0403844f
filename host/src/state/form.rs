//! Items in the form in which they are compared: without what is ignored.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::{Ignored, Keys, ListOrder};
use crate::backend::{Entry, Item};

/// An item in the form in which it is compared.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Form<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) fields: Vec<(&'a str, Cow<'a, str>)>,
    pub(super) lists: Vec<(&'a str, Vec<EntryForm<'a>>)>,
}

/// An entry in the form in which it is compared.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct EntryForm<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) fields: Vec<(&'a str, Cow<'a, str>)>,
}

/// All items in their forms, sorted.
pub(super) fn sorted<'a>(items: &'a [Item], ignored: &'a Ignored) -> Vec<Form<'a>> {
    let reading = match ignored.keys {
        Keys::Exact => Reading::without_ranks(items, ignored),
        Keys::Canonical => Reading::with_ranks(items, ignored),
    };
    let mut forms = reading.forms(items);
    forms.sort();
    forms
}

/// How the items of one state are read into forms.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    ignored: &'a Ignored,
    /// What replaces each key. The map is empty if keys count as they are.
    keys: HashMap<&'a str, String>,
}

impl<'a> Reading<'a> {
    /// Reads the items of a state. If keys are canonical, the same text replaces all of them.
    pub(super) fn without_ranks(items: &'a [Item], ignored: &'a Ignored) -> Reading<'a> {
        let keys = match ignored.keys {
            Keys::Exact => HashMap::new(),
            Keys::Canonical => items.iter().map(|item| (item.key.as_str(), A_KEY.to_owned())).collect(),
        };
        Reading { ignored, keys }
    }

    /// Reads the items of a state, whose keys become ranks. The rank of an item is the number of items whose content without
    /// keys is less. It does not depend on any key, so it is the same in a state that differs only in its keys.
    fn with_ranks(items: &'a [Item], ignored: &'a Ignored) -> Reading<'a> {
        let reading = Reading::without_ranks(items, ignored);
        let mut forms = items.iter().map(|item| (reading.form(item), item)).collect::<Vec<_>>();
        forms.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut keys = HashMap::with_capacity(items.len());
        let mut before: Option<(&Form<'a>, usize)> = None;
        for (place, (form, item)) in forms.iter().enumerate() {
            let rank = before.filter(|(equal, _)| *equal == form).map_or(place, |(_, rank)| rank);
            keys.insert(item.key.as_str(), format!("{A_KEY} {rank:010}"));
            before = Some((form, rank));
        }
        Reading { ignored, keys }
    }

    /// The forms of items, in the order of the items.
    pub(super) fn forms(&self, items: &'a [Item]) -> Vec<Form<'a>> {
        items.iter().map(|item| self.form(item)).collect()
    }

    /// The form of an item.
    pub(super) fn form(&self, item: &'a Item) -> Form<'a> {
        let ids = self.ids(item);
        let list = |(name, entries): &'a (String, Vec<Entry>)| {
            let mut forms = entries.iter().map(|entry| self.entry(entry, &ids)).collect::<Vec<_>>();
            if self.ignored.lists == ListOrder::Set {
                forms.sort();
            }
            (name.as_str(), forms)
        };
        let key = self.keys.get(item.key.as_str());
        Form {
            key: key.map_or(Cow::Borrowed(item.key.as_str()), |rank| Cow::Owned(rank.clone())),
            fields: self.fields(&item.fields, &ids),
            lists: item.lists.iter().map(list).collect(),
        }
    }

    /// The form of an entry. `ids` are those of its item.
    pub(super) fn entry(&self, entry: &'a Entry, ids: &HashSet<&'a str>) -> EntryForm<'a> {
        let id = match self.ignored.keys {
            Keys::Exact => entry.id.as_str(),
            Keys::Canonical => "",
        };
        EntryForm { id: Cow::Borrowed(id), fields: self.fields(&entry.fields, ids) }
    }

    /// The form of fields, without those that are ignored.
    pub(super) fn fields(
        &self,
        fields: &'a [(String, String)],
        ids: &HashSet<&'a str>,
    ) -> Vec<(&'a str, Cow<'a, str>)> {
        let counts = |(name, _): &&'a (String, String)| !self.ignored.fields.contains(name);
        let form = |(name, value): &'a (String, String)| (name.as_str(), self.value(value, ids));
        fields.iter().filter(counts).map(form).collect()
    }

    /// The ids of an item's entries, if they must be recognised in fields.
    pub(super) fn ids(&self, item: &'a Item) -> HashSet<&'a str> {
        match self.ignored.keys {
            Keys::Exact => HashSet::new(),
            Keys::Canonical => {
                item.lists.iter().flat_map(|(_, entries)| entries).map(|entry| entry.id.as_str()).collect()
            }
        }
    }

    fn value(&self, value: &'a str, ids: &HashSet<&'a str>) -> Cow<'a, str> {
        if self.ignored.keys == Keys::Exact {
            return Cow::Borrowed(value);
        }
        match self.keys.get(value) {
            Some(rank) => Cow::Owned(rank.clone()),
            None if ids.contains(value) => Cow::Borrowed(AN_ENTRY_ID),
            None => Cow::Borrowed(value),
        }
    }
}

/// What replaces a key. It begins with a NUL, so that it is not a text that a person wrote.
const A_KEY: &str = "\0key";
const AN_ENTRY_ID: &str = "\0entry";
