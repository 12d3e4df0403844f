//! A table of DynamoDB as far as `items::dynamodb` uses it: conditional writes, consistent reads, and an index that lags.

use std::collections::{BTreeMap, HashMap};

use items::dynamodb::{AttributeValue, Attributes, Expression, QueryResult, Range};

use crate::expression;

/// A request to the table.
#[derive(Debug, Clone)]
pub(crate) enum Request {
    Read(Attributes),
    Put(Attributes, Expression),
    Change(Attributes, Expression),
    Range(Range),
}

/// What the table answers.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Item(Option<Attributes>),
    Done(Attributes),
    /// The condition does not hold for this item.
    Failed(Option<Attributes>),
    Found(QueryResult),
    /// The table is overloaded and did nothing.
    Throttled,
    /// The table failed. It may have done what it was asked.
    Error,
    /// There was no answer in time.
    Silence,
}

#[derive(Debug, Default)]
pub(crate) struct Table {
    items: HashMap<String, Attributes>,
    /// The items as the index shows them.
    index: BTreeMap<String, Attributes>,
    /// Since when the index shows each item.
    pub(crate) visible: HashMap<String, u64>,
}

impl Table {
    /// Does what is asked. Returns also the item that the index has to show later.
    pub(crate) fn answer(&mut self, request: &Request, page: usize) -> (Answer, Option<Attributes>) {
        match request {
            Request::Read(key) => (Answer::Item(self.items.get(&key_of(key)).cloned()), None),
            Request::Range(range) => (Answer::Found(self.range(range, page)), None),
            Request::Put(item, only_if) => {
                let before = self.items.get(&key_of(item));
                if !expression::holds(only_if, before) {
                    return (Answer::Failed(before.cloned()), None);
                }
                self.items.insert(key_of(item), item.clone());
                (Answer::Done(Attributes::new()), Some(item.clone()))
            }
            Request::Change(key, change) => {
                let before = self.items.get(&key_of(key));
                if !expression::holds(change, before) {
                    return (Answer::Failed(before.cloned()), None);
                }
                let mut item = before.cloned().unwrap_or_else(|| key.clone());
                expression::apply(change, &mut item);
                self.items.insert(key_of(key), item.clone());
                (Answer::Done(item.clone()), Some(item))
            }
        }
    }

    /// The index shows an item, unless it shows a later state already.
    pub(crate) fn show(&mut self, item: Attributes, now: u64) {
        let key = key_of(&item);
        let version =
            |item: &Attributes| item[VERSION].as_n().and_then(|version| version.parse::<u64>().ok());
        if self.index.get(&key).is_none_or(|shown| version(shown) < version(&item)) {
            self.visible.entry(key.clone()).or_insert(now);
            self.index.insert(key, item);
        }
    }

    /// A part of an index in descending order. It ends after `page` items, as one that reaches a megabyte.
    fn range(&self, range: &Range, page: usize) -> QueryResult {
        let limit = range.limit.min(page);
        let place = |item: &Attributes| (text(item, ORDER), text(item, KEY));
        let mut items: Vec<_> =
            self.index.values().filter(|item| expression::holds(&range.only_if, Some(item))).collect();
        items.sort_by_key(|item| std::cmp::Reverse(place(item)));
        if let Some(start) = &range.start {
            items.retain(|item| place(item) < place(start));
        }
        items.truncate(limit);
        // A query that ends at its limit does not know whether more follows.
        let next = items.last().filter(|_| items.len() == limit);
        let names = [KEY, ORDER, PARTITION];
        let next = next.map(|item| names.map(|name| (name.to_owned(), item[name].clone())).into());
        let shown = |item: &Attributes| {
            let mut item = item.clone();
            item.retain(|_, value| !matches!(value, AttributeValue::L(_) | AttributeValue::Ss(_)));
            item
        };
        QueryResult { items: items.into_iter().map(shown).collect(), next }
    }
}

fn key_of(item: &Attributes) -> String {
    text(item, KEY)
}

fn text(item: &Attributes, name: &str) -> String {
    item[name].as_s().cloned().unwrap_or_default()
}

const KEY: &str = "ticket_id";
const PARTITION: &str = "caller_id";
const ORDER: &str = "created_at";
const VERSION: &str = items::dynamodb::layout::VERSION;
