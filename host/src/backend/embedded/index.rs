//! An index of the schema. It consists of two trees over the same items, and a page is read from both.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params};

use super::error::{self, StatementError};
use super::row::{self, ITEM_COLUMNS};
use crate::backend::{self, Error, Page, Position, Query, Summary};
use items::limits::QUERY_ITEMS;
use items::record::Record;

/// One index of the schema.
///
/// There are two trees because SQLite does not verify its pages: a flipped byte in one tree can hide items or show
/// them in a wrong place, and the checksums of the rows cannot detect that. A page is returned only if both trees have
/// the same keys for it.
#[derive(Debug, Clone)]
pub(super) struct Index {
    of: backend::Index,
    trees: [Tree; 2],
}

/// One of the two trees, with its statements.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) name: String,
    /// The statement that creates the tree, exactly as SQLite stores it.
    pub(super) sql: String,
    /// Selects items that share the order value of the query's position and stand behind it.
    pub(super) ties: String,
    /// Selects items whose order value is less than a given one.
    pub(super) rest: String,
    /// Counts the rows of the tree that a query can find.
    count: String,
}

impl Index {
    /// The trees for an index of the schema. The first is used to read rows, the second to read only their keys.
    pub(super) fn new(index: &backend::Index) -> Index {
        Index { of: index.clone(), trees: [Tree::new(index, 1, ITEM_COLUMNS), Tree::new(index, 2, "key")] }
    }

    pub(super) fn trees(&self) -> &[Tree; 2] {
        &self.trees
    }

    /// Checks that both trees have as many rows, because a flipped byte in an inner page hides the rows below it.
    pub(super) fn check_twins(&self, connection: &Connection) -> Result<(), StatementError> {
        let count = |tree: &Tree| connection.query_row(&tree.count, [], |row| row.get::<_, i64>(0));
        let [one, other] = &self.trees;
        let is_whole = count(one)? == count(other)?;
        if is_whole { Ok(()) } else { Err(self.damaged("its two trees differ").into()) }
    }

    /// Whether the index has this name.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.of.name == name
    }

    /// A page of the index.
    pub(super) fn page(&self, connection: &Connection, query: &Query) -> Result<Page, StatementError> {
        // One additional row shows whether there is a next page.
        let limit = i64::from(query.limit) + 1;
        let [rows, keys] = &self.trees;
        let mut items = rows.read(connection, query, limit, row::item)?;
        let keys = keys.read(connection, query, limit, |row| Ok(row::text(row, 0)?.to_owned()))?;
        if !items.iter().map(|(key, _)| key).eq(&keys) {
            return Err(self.damaged("its two trees differ").into());
        }
        self.check(&items, query)?;
        let more = items.len() > query.limit as usize;
        items.truncate(query.limit as usize);
        let last = items.last().filter(|_| more);
        let next = last.and_then(|(key, record)| {
            Some(Position { order: record.field(&self.of.order)?.to_owned(), key: key.clone() })
        });
        Ok(Page { items: items.into_iter().map(summary).collect(), next })
    }

    /// Checks that each item has the partition value of the query and that the order is right.
    fn check(&self, items: &[(String, Record)], query: &Query) -> Result<(), StatementError> {
        let mut before = query.after.as_ref().map(|after| (after.order.as_str(), after.key.as_str()));
        for (key, record) in items {
            let place = record.field(&self.of.order).map(|order| (order, key.as_str()));
            let sorted = place.is_some() && (before.is_none() || place < before);
            if !sorted || record.field(&self.of.partition) != Some(&query.value) {
                return Err(self.damaged(&format!("item {key:?} is in a wrong place")).into());
            }
            before = place;
        }
        Ok(())
    }

    fn damaged(&self, what: &str) -> Error {
        Error::Corrupt(format!("index {:?}: {what}", self.of.name))
    }
}

impl Tree {
    fn new(index: &backend::Index, number: u32, columns: &str) -> Tree {
        let (partition, order) = (extract(&index.partition), extract(&index.order));
        let indexed = format!("{partition}, {order}, key");
        let name = sealed_name(&format!("{} {number}", index.name), &indexed);
        let sql = create(&name, &indexed);
        let tree = quoted(&name, '"');
        let from = format!("SELECT {columns} FROM items INDEXED BY {tree} WHERE {partition} = ?1");
        // These are two statements because one statement with OR or a row value would not be a single search in the
        // tree. So many items with the same order value do not make a page slower.
        let ties = format!("{from} AND {order} = ?2 AND key < ?3 ORDER BY key DESC LIMIT ?4");
        let rest = format!("{from} AND {order} < ?2 ORDER BY {order} DESC, key DESC LIMIT ?3");
        let count = format!("SELECT count(*) FROM items INDEXED BY {tree} WHERE {partition} >= ''");
        Tree { name, sql, ties, rest, count }
    }

    /// Whether this program created the tree for an earlier schema, by its name and the statement that created it.
    pub(super) fn is_earlier(name: &str, sql: &str) -> bool {
        let Some((title, _)) = name.rsplit_once(' ') else { return false };
        let indexed = sql.rsplit_once(" ON items(").and_then(|(_, rest)| rest.strip_suffix(')'));
        indexed.is_some_and(|indexed| sealed_name(title, indexed) == name && create(name, indexed) == sql)
    }

    /// Checks that the tree can be searched. The searched value need not exist.
    pub(super) fn probe(&self, connection: &Connection) -> Result<(), StatementError> {
        let searched = || {
            connection.prepare_cached(&self.rest)?.query(params!["", Value::Blob(Vec::new()), 1])?.next()?;
            Ok(())
        };
        searched().map_err(|error: rusqlite::Error| {
            let text = error::text(&error);
            Error::Unavailable(format!("the index {} cannot be read ({text}); restart the host", self.name))
                .into()
        })
    }

    /// Up to `limit` rows behind the query's position.
    fn read<T>(
        &self,
        connection: &Connection,
        query: &Query,
        limit: i64,
        decode: impl Fn(&Row<'_>) -> Result<T, StatementError>,
    ) -> Result<Vec<T>, StatementError> {
        let mut found = Vec::with_capacity(usize::try_from(limit).unwrap_or_default().min(QUERY_ITEMS + 1));
        // SQLite sorts every BLOB after every TEXT, so the empty BLOB is greater than every order value. A comparison
        // with NULL is never true, so items without an order value are left out.
        let mut behind = Value::Blob(Vec::new());
        if let Some(Position { order, key }) = &query.after {
            let mut statement = connection.prepare_cached(&self.ties)?;
            let mut rows = statement.query(params![query.value, order, key, limit])?;
            while let Some(row) = rows.next()? {
                found.push(decode(row)?);
            }
            behind = Value::Text(order.clone());
        }
        let left = limit - i64::try_from(found.len()).unwrap_or(limit);
        let mut statement = connection.prepare_cached(&self.rest)?;
        let mut rows = statement.query(params![query.value, behind, left])?;
        while let Some(row) = rows.next()? {
            found.push(decode(row)?);
        }
        Ok(found)
    }
}

fn summary((key, record): (String, Record)) -> Summary {
    Summary { key, version: record.version, fields: record.fields, counts: record.counts }
}

/// The name of a tree: its title and a checksum of the indexed expressions. The checksum distinguishes a tree of an
/// earlier schema, which may be dropped, from a tree whose definition is damaged.
fn sealed_name(title: &str, indexed: &str) -> String {
    format!("{title} {:08x}", crc32fast::hash(format!("{title}\n{indexed}").as_bytes()))
}

fn create(name: &str, indexed: &str) -> String {
    format!("CREATE INDEX {} ON items({indexed})", quoted(name, '"'))
}

/// The SQL expression for the value of a field. SQLite parses a label in a path like a JSON string.
fn extract(field: &str) -> String {
    let path = format!("$.{}", serde_json::Value::from(field));
    format!("json_extract(fields, {})", quoted(&path, '\''))
}

pub(super) fn quoted(text: &str, quote: char) -> String {
    let doubled = text.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{doubled}{quote}")
}
