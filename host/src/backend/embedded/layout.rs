//! The tables and indexes of the file: creates them in a new file and checks them in an existing one.

use rusqlite::Connection;

use super::error::StatementError;
use super::index::{Index, Tree, quoted};
use super::{items, row};
use crate::backend::{Error, Schema};

/// The `application_id` of the file: "pdsk". It marks the file as one of Portdesk. No byte of it is zero, so that a
/// single flipped byte cannot make it 0, which is the id of a file without an owner.
pub(super) const APPLICATION_ID: i32 = 0x7064_736b;

/// The `user_version` of the file: the layout that this program writes.
pub(super) const VERSION: i32 = 1;

/// The items. The table has rowids, which makes it smaller and faster, measured at a million items. With the column
/// `size`, an append can check the size limit without reading the other entries.
const ITEMS: &str = "CREATE TABLE items(\n  \
    key TEXT NOT NULL PRIMARY KEY,\n  \
    version INTEGER NOT NULL,\n  \
    fields TEXT NOT NULL,\n  \
    counts TEXT NOT NULL,\n  \
    insert_change TEXT NOT NULL,\n  \
    last_change TEXT,\n  \
    size INTEGER NOT NULL,\n  \
    checksum INTEGER NOT NULL\n) STRICT";

/// The entries. `WITHOUT ROWID` makes the table one tree, in which the entries of an item lie together.
const ENTRIES: &str = "CREATE TABLE entries(\n  \
    key TEXT NOT NULL,\n  \
    list TEXT NOT NULL,\n  \
    id TEXT NOT NULL,\n  \
    seq INTEGER NOT NULL,\n  \
    fields TEXT NOT NULL,\n  \
    checksum INTEGER NOT NULL,\n  \
    PRIMARY KEY(key, list, id)\n) STRICT, WITHOUT ROWID";

/// A second tree of the items' keys, which confirms that an item is absent (see `items::believe_absence`).
const ITEMS_TWIN: &str = "CREATE UNIQUE INDEX items_twin ON items(key)";

/// A second tree of the entries' keys. Without it, an entry that damage hides could be appended again.
const ENTRIES_TWIN: &str = "CREATE UNIQUE INDEX entries_twin ON entries(key, list, id)";

/// The indexes that the file must have for a schema.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    indexes: Vec<Index>,
}

/// One row of `sqlite_schema`.
#[derive(Debug, PartialEq, Eq)]
struct Object {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
}

impl Layout {
    /// The layout for a schema, or the reason why SQLite cannot have the schema's indexes.
    pub(super) fn new(schema: &Schema) -> Result<Layout, String> {
        let mut names =
            schema.indexes.iter().map(|index| index.name.to_ascii_lowercase()).collect::<Vec<_>>();
        names.sort();
        if names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            return Err("two indexes have names that differ only in case".to_owned());
        }
        let texts = schema.indexes.iter().flat_map(|index| [&index.name, &index.partition, &index.order]);
        if texts.into_iter().any(|text| text.contains('\0')) {
            return Err("the name of an index or of its field contains a NUL".to_owned());
        }
        Ok(Layout { indexes: schema.indexes.iter().map(Index::new).collect() })
    }

    /// The index with this name.
    pub(super) fn index(&self, name: &str) -> Result<&Index, StatementError> {
        let unknown = || Error::Invalid(format!("there is no index {name:?}"));
        Ok(self.indexes.iter().find(|index| index.is_named(name)).ok_or_else(unknown)?)
    }

    /// Creates the layout in a new file, completely or not at all.
    pub(super) fn create(&self, connection: &mut Connection) -> Result<(), StatementError> {
        let transaction = connection.transaction()?;
        for sql in [ITEMS, ITEMS_TWIN, ENTRIES, ENTRIES_TWIN] {
            transaction.execute_batch(sql)?;
        }
        for tree in self.trees() {
            transaction.execute_batch(&tree.sql)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        Ok(transaction.commit()?)
    }

    /// Checks that the definitions in the file are exactly those of the layout, and replaces the trees of an earlier
    /// schema. Any other difference is an error: the file is damaged, or another program changed it.
    pub(super) fn ensure_indexes(&self, connection: &mut Connection) -> Result<(), StatementError> {
        let found = objects(connection)?;
        let unexpected = |object: &&Object| !self.expects(object) && !object.name.starts_with("sqlite_stat");
        let earlier =
            found.iter().filter(unexpected).map(Object::earlier_tree).collect::<Result<Vec<_>, _>>()?;
        for (kind, name, table, sql) in tables() {
            if !found.iter().any(|object| object.is(kind, name, table, sql)) {
                return Err(Error::Corrupt(format!("its {kind} {name} is missing")).into());
            }
        }
        let is_missing = |tree: &&Tree| !found.iter().any(|object| object.name == tree.name);
        let missing = self.trees().filter(is_missing).collect::<Vec<_>>();
        if earlier.is_empty() && missing.is_empty() {
            return Ok(());
        }
        // SQLite builds a tree from the rows that the table shows, so a row that damage hides would be missing in it.
        verify(connection)?;
        let transaction = connection.transaction()?;
        for name in earlier {
            transaction.execute_batch(&format!("DROP INDEX {}", quoted(name, '"')))?;
        }
        for tree in missing {
            transaction.execute_batch(&tree.sql)?;
        }
        Ok(transaction.commit()?)
    }

    /// Checks that a copy of a store was written by a version that has the same layout, and gives it the indexes of this
    /// schema.
    pub(super) fn settle(&self, connection: &mut Connection) -> Result<(), StatementError> {
        for (name, wanted) in [("application_id", APPLICATION_ID), ("user_version", VERSION)] {
            let found = connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0))?;
            if found != wanted {
                let text = format!("its {name} is {found}, but this version supports only {wanted}");
                return Err(Error::Corrupt(text).into());
            }
        }
        self.ensure_indexes(connection)
    }

    /// Checks that every index can be read. It does not check the rows: one damaged item is not an outage.
    pub(super) fn probe(&self, connection: &Connection) -> Result<(), StatementError> {
        items::probe(connection)?;
        self.trees().try_for_each(|tree| tree.probe(connection))
    }

    /// Checks that the two trees of each index have as many rows.
    pub(super) fn check_twins(&self, connection: &Connection) -> Result<(), StatementError> {
        self.indexes.iter().try_for_each(|index| index.check_twins(connection))
    }

    fn expects(&self, object: &Object) -> bool {
        tables().into_iter().any(|(kind, name, table, sql)| object.is(kind, name, table, sql))
            || self.trees().any(|tree| object.is("index", &tree.name, "items", Some(&tree.sql)))
    }

    pub(super) fn trees(&self) -> impl Iterator<Item = &Tree> {
        self.indexes.iter().flat_map(Index::trees)
    }
}

impl Object {
    fn is(&self, kind: &str, name: &str, table: &str, sql: Option<&str>) -> bool {
        self.kind == kind && self.name == name && self.table == table && self.sql.as_deref() == sql
    }

    /// The name of the object, if it is a tree of an earlier schema; otherwise an error.
    fn earlier_tree(&self) -> Result<&str, StatementError> {
        let sql = self.sql.as_deref().unwrap_or_default();
        let earlier = self.kind == "index" && self.table == "items" && Tree::is_earlier(&self.name, sql);
        let foreign =
            || Error::Corrupt(format!("its {} {:?} is not as this program makes it", self.kind, self.name));
        Ok(earlier.then_some(self.name.as_str()).ok_or_else(foreign)?)
    }
}

/// The objects that every file of this layout has: kind, name, table and SQL.
fn tables() -> [(&'static str, &'static str, &'static str, Option<&'static str>); 5] {
    [
        ("table", "items", "items", Some(ITEMS)),
        ("index", "sqlite_autoindex_items_1", "items", None),
        ("index", "items_twin", "items", Some(ITEMS_TWIN)),
        ("table", "entries", "entries", Some(ENTRIES)),
        ("index", "entries_twin", "entries", Some(ENTRIES_TWIN)),
    ]
}

/// Whether nothing was ever created in the file.
pub(super) fn is_empty(connection: &Connection) -> Result<bool, StatementError> {
    Ok(objects(connection)?.is_empty())
}

fn objects(connection: &Connection) -> Result<Vec<Object>, StatementError> {
    let mut statement = connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
    let object = |row: &rusqlite::Row<'_>| {
        Ok(Object { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? })
    };
    Ok(statement.query_map([], object)?.collect::<Result<_, _>>()?)
}

/// Reads and checks everything in the file.
fn verify(connection: &Connection) -> Result<(), StatementError> {
    let verdict = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0))?;
    if verdict != "ok" {
        return Err(Error::Corrupt(verdict).into());
    }
    let mut statement = connection.prepare(&format!("SELECT {} FROM items", row::ITEM_COLUMNS))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (key, record) = row::item(row)?;
        items::lists(connection, &key, &record)?;
    }
    Ok(())
}
