//! Keeps the indexes of a schema over records in memory.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::limits::QUERY_ITEMS;
use crate::record::Record;
use crate::{Index, Page, Position, Query, Schema, Summary};

/// All indexes of a schema, and the records that they show.
#[derive(Debug, Clone)]
pub struct Listings {
    listings: Vec<Listing>,
    shown: BTreeMap<String, Arc<Record>>,
}

impl Listings {
    /// The empty indexes of a schema.
    #[must_use]
    pub fn new(schema: &Schema) -> Listings {
        Listings::of(schema.indexes.iter())
    }

    /// The same indexes without records.
    #[must_use]
    pub fn emptied(&self) -> Listings {
        Listings::of(self.listings.iter().map(|listing| &listing.index))
    }

    /// Shows a record in place of the record that was shown under its key before.
    pub fn show(&mut self, key: &str, record: Arc<Record>) {
        let before = self.shown.get(key);
        for listing in &mut self.listings {
            if let Some(before) = before {
                listing.remove(key, before);
            }
            listing.add(key, &record);
        }
        self.shown.insert(key.to_owned(), record);
    }

    /// A page of an index, in descending order of the order value and then of the key. Returns `None` if the schema has no
    /// such index.
    #[must_use]
    pub fn page(&self, query: &Query) -> Option<Page> {
        let listing = self.listings.iter().find(|listing| listing.index.name == query.index)?;
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let mut items = Vec::with_capacity(limit.min(QUERY_ITEMS));
        let mut positions = listing.positions(query);
        let mut last = None;
        for position in positions.by_ref().take(limit) {
            items.extend(self.summary(&position.1));
            last = Some(position);
        }
        let last = last.filter(|_| positions.next().is_some());
        let next = last.map(|(order, key)| Position { order: order.clone(), key: key.clone() });
        Some(Page { items, next })
    }

    fn of<'a>(indexes: impl Iterator<Item = &'a Index>) -> Listings {
        let listings = indexes.map(|index| Listing { index: index.clone(), positions: BTreeMap::new() });
        Listings { listings: listings.collect(), shown: BTreeMap::new() }
    }

    fn summary(&self, key: &str) -> Option<Summary> {
        let Record { version, fields, counts, .. } = self.shown.get(key)?.as_ref();
        let (fields, counts) = (Arc::clone(fields), counts.clone());
        Some(Summary { key: key.to_owned(), version: *version, fields, counts })
    }
}

/// The items of one index.
#[derive(Debug, Clone)]
struct Listing {
    index: Index,
    /// For each value of the partition field, the order values and keys of its items.
    positions: BTreeMap<String, BTreeSet<(String, String)>>,
}

impl Listing {
    /// The positions behind that of the query, in descending order.
    fn positions(&self, query: &Query) -> impl Iterator<Item = &(String, String)> {
        let after = query.after.clone();
        self.positions.get(&query.value).into_iter().flat_map(move |positions| match after.clone() {
            Some(Position { order, key }) => positions.range(..(order, key)).rev(),
            None => positions.range::<(String, String), _>(..).rev(),
        })
    }

    fn add(&mut self, key: &str, record: &Record) {
        if let Some((partition, position)) = self.position(key, record) {
            self.positions.entry(partition).or_default().insert(position);
        }
    }

    fn remove(&mut self, key: &str, record: &Record) {
        let Some((partition, position)) = self.position(key, record) else { return };
        let Some(positions) = self.positions.get_mut(&partition) else { return };
        positions.remove(&position);
        if positions.is_empty() {
            self.positions.remove(&partition);
        }
    }

    /// The partition and the position of a record, or `None` if it lacks one of the fields.
    fn position(&self, key: &str, record: &Record) -> Option<(String, (String, String))> {
        let partition = record.field(&self.index.partition)?;
        let order = record.field(&self.index.order)?;
        Some((partition.to_owned(), (order.to_owned(), key.to_owned())))
    }
}
