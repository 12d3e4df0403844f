//! Which items a page asks for, and how many have which value of a field.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::asked::Query;
use super::items::value;
use crate::backend::Item;

/// What a page asks for.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// A text that a value contains, in lower case. Empty: any item.
    text: String,
    /// The field whose values are counted.
    facet: Option<String>,
    /// The value that this field must have.
    value: Option<String>,
    /// The key of the last item of the page before.
    after: Option<String>,
    limit: usize,
    /// The field whose greatest value comes first.
    order: Option<String>,
}

impl Search {
    pub(super) fn new(query: &Query<'_>, limit: usize, order: Option<&str>) -> Search {
        let text = |name: &str| query.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        Search {
            text: text("find").unwrap_or_default().to_lowercase(),
            facet: text("facet"),
            value: text("value"),
            after: text("after"),
            limit,
            order: order.map(str::to_owned),
        }
    }

    /// The page, with how many items there are, how many were found, and how many of those with the text have which value.
    pub(super) fn page(&self, items: &[Item]) -> Value {
        let with_text: Vec<&Item> =
            items.iter().filter(|item| self.text.is_empty() || self.has_text(item)).collect();
        let mut facets: BTreeMap<&str, u64> = BTreeMap::new();
        for of_item in with_text.iter().filter_map(|item| field(item, self.facet.as_deref()?)) {
            if facets.len() < FACETS_LIMIT || facets.contains_key(of_item) {
                *facets.entry(of_item).or_default() += 1;
            }
        }
        let is_found = |item: &&Item| match (&self.facet, &self.value) {
            (Some(facet), Some(value)) => field(item, facet) == Some(value),
            (_, None) | (None, _) => true,
        };
        let mut found: Vec<&Item> = with_text.iter().copied().filter(is_found).collect();
        let place = |item: &Item| {
            Reverse((
                self.order.as_deref().and_then(|order| field(item, order).map(str::to_owned)),
                item.key.clone(),
            ))
        };
        found.sort_by_cached_key(|item| place(item));
        let begin = match &self.after {
            Some(key) => {
                found.iter().position(|item| item.key == *key).map_or(found.len(), |place| place + 1)
            }
            None => 0,
        };
        let page: Vec<&Item> = found.iter().copied().skip(begin).take(self.limit).collect();
        let next =
            (begin + page.len() < found.len()).then(|| page.last().map(|item| item.key.as_str())).flatten();
        json!({
            "total": items.len(),
            "found": found.len(),
            "facets": facets,
            "items": page.iter().map(|item| value(item)).collect::<Vec<_>>(),
            "next": next,
        })
    }

    fn has_text(&self, item: &Item) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.text);
        let entries = item.lists.iter().flat_map(|(_, entries)| entries);
        has(&item.key)
            || item.fields.iter().any(|(_, text)| has(text))
            || entries.flat_map(|entry| entry.fields.iter()).any(|(_, text)| has(text))
    }
}

fn field<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

/// More values than a person chooses from.
const FACETS_LIMIT: usize = 32;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::backend::Entry;

    fn item(key: &str, state: &str, at: &str, note: &str) -> Item {
        let owned = |pairs: &[(&str, &str)]| {
            Arc::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let entry = Entry { id: "1".to_owned(), fields: owned(&[("note", note)]) };
        Item {
            key: key.to_owned(),
            version: 1,
            fields: owned(&[("state", state), ("at", at)]),
            lists: vec![("notes".to_owned(), vec![entry])],
        }
    }

    fn keys(page: &Value) -> Vec<&str> {
        page["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap()).collect()
    }

    #[test]
    fn a_page_has_the_newest_first_and_continues_after_a_key() {
        let items = ["1", "3", "2"].map(|at| item(at, "new", at, ""));
        let search = Search { limit: 2, order: Some("at".to_owned()), ..Search::default() };
        let first = search.page(&items);
        assert_eq!((keys(&first), &first["next"], &first["total"]), (vec!["3", "2"], &json!("2"), &json!(3)));
        let last = Search { after: Some("2".to_owned()), ..search }.page(&items);
        assert_eq!((keys(&last), &last["next"]), (vec!["1"], &Value::Null));
    }

    #[test]
    fn a_text_is_looked_for_in_every_value_and_a_facet_counts_what_has_the_text() {
        let items =
            [item("a", "new", "1", "Toner"), item("b", "done", "2", "TONER"), item("c", "new", "3", "ink")];
        let search = Search {
            text: "toner".to_owned(),
            facet: Some("state".to_owned()),
            limit: 9,
            ..Search::default()
        };
        let page = search.page(&items);
        assert_eq!((keys(&page), &page["facets"]), (vec!["b", "a"], &json!({"done": 1, "new": 1})));
        let page = Search { value: Some("new".to_owned()), ..search }.page(&items);
        assert_eq!((keys(&page), &page["found"], &page["facets"]["done"]), (vec!["a"], &json!(1), &json!(1)));
    }
}
