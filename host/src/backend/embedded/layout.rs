//! The tables and indexes of the file, and whether a file has them.

use rusqlite::Connection;

use super::index::{Index, Tree, quoted};
use super::{items, row};
use crate::backend::{Error, Schema};

/// In `application_id`: marks the file as ours. No byte is zero, so that no single flipped one makes it 0, which
/// is what a file without an owner has. "pdsk"
pub(super) const APPLICATION_ID: i32 = 0x7064_736b;

/// In `user_version`: the layout that this program writes.
pub(super) const VERSION: i32 = 1;

/// `items` has rowids: smaller and faster than without, measured at a million items. `size` spares the entries
/// when it is decided whether another one fits.
const ITEMS: &str = "CREATE TABLE items(\n  \
    key TEXT NOT NULL PRIMARY KEY,\n  \
    version INTEGER NOT NULL,\n  \
    fields TEXT NOT NULL,\n  \
    counts TEXT NOT NULL,\n  \
    insert_change TEXT NOT NULL,\n  \
    last_change TEXT,\n  \
    size INTEGER NOT NULL,\n  \
    checksum INTEGER NOT NULL\n) STRICT";

/// One tree, so that the entries of an item lie together.
const ENTRIES: &str = "CREATE TABLE entries(\n  \
    key TEXT NOT NULL,\n  \
    list TEXT NOT NULL,\n  \
    id TEXT NOT NULL,\n  \
    seq INTEGER NOT NULL,\n  \
    fields TEXT NOT NULL,\n  \
    checksum INTEGER NOT NULL,\n  \
    PRIMARY KEY(key, list, id)\n) STRICT, WITHOUT ROWID";

/// The second witness of absence, see `items::believe_absence`: the same keys once more, in a tree of their own.
const ITEMS_TWIN: &str = "CREATE UNIQUE INDEX items_twin ON items(key)";

/// As above; without it a hidden entry could be appended again.
const ENTRIES_TWIN: &str = "CREATE UNIQUE INDEX entries_twin ON entries(key, list, id)";

/// What the file has to hold for a schema.
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
    /// The layout for a schema, or what is wrong with the schema.
    pub(super) fn new(schema: &Schema) -> Result<Layout, String> {
        let mut names =
            schema.indexes.iter().map(|index| index.name.to_ascii_lowercase()).collect::<Vec<_>>();
        names.sort();
        if names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            return Err("two indexes have names that differ in case alone".to_owned());
        }
        let texts = schema.indexes.iter().flat_map(|index| [&index.name, &index.partition, &index.order]);
        if texts.into_iter().any(|text| text.contains('\0')) {
            return Err("the name of an index or of its field holds a NUL".to_owned());
        }
        Ok(Layout { indexes: schema.indexes.iter().map(Index::new).collect() })
    }

    /// The index of a name.
    pub(super) fn index(&self, name: &str) -> Result<&Index, Error> {
        let unknown = || Error::Invalid(format!("there is no index {name:?}"));
        self.indexes.iter().find(|index| index.is_named(name)).ok_or_else(unknown)
    }

    /// Makes a new file ours, whole or not at all.
    pub(super) fn create(&self, connection: &mut Connection) -> Result<(), Error> {
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

    /// Whether a file holds what it has to, to the letter. The trees of another schema are made those of this
    /// one. Anything else is damage, or the work of another program, which is no better.
    pub(super) fn ensure_indexes(&self, connection: &mut Connection) -> Result<(), Error> {
        let found = objects(connection)?;
        let unexpected = |object: &&Object| !self.expects(object) && !object.name.starts_with("sqlite_stat");
        let earlier =
            found.iter().filter(unexpected).map(Object::earlier_tree).collect::<Result<Vec<_>, _>>()?;
        for (kind, name, table, sql) in tables() {
            if !found.iter().any(|object| object.is(kind, name, table, sql)) {
                return Err(Error::Corrupt(format!("its {kind} {name} is missing")));
            }
        }
        let is_missing = |tree: &&Tree| !found.iter().any(|object| object.name == tree.name);
        let missing = self.trees().filter(is_missing).collect::<Vec<_>>();
        if earlier.is_empty() && missing.is_empty() {
            return Ok(());
        }
        // A tree is built from what the table shows; let that be all of it.
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

    /// Whether every index can be read. What is in it does not matter: one damaged item is no outage.
    pub(super) fn probe(&self, connection: &Connection) -> Result<(), Error> {
        items::probe(connection)?;
        self.trees().try_for_each(|tree| tree.probe(connection))
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

    /// The name of a tree that an earlier schema had; an error for what is no such tree.
    fn earlier_tree(&self) -> Result<&str, Error> {
        let sql = self.sql.as_deref().unwrap_or_default();
        let earlier = self.kind == "index" && self.table == "items" && Tree::is_earlier(&self.name, sql);
        let foreign = || Error::Corrupt(format!("its {} {:?} is not as it was made", self.kind, self.name));
        earlier.then_some(self.name.as_str()).ok_or_else(foreign)
    }
}

/// What every file of this layout has: kind, name, table, SQL.
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
pub(super) fn is_empty(connection: &Connection) -> Result<bool, Error> {
    Ok(objects(connection)?.is_empty())
}

fn objects(connection: &Connection) -> Result<Vec<Object>, Error> {
    let mut statement = connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
    let object = |row: &rusqlite::Row<'_>| {
        Ok(Object { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? })
    };
    Ok(statement.query_map([], object)?.collect::<Result<_, _>>()?)
}

/// Reads and checks everything in the file.
fn verify(connection: &Connection) -> Result<(), Error> {
    let verdict = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0))?;
    if verdict != "ok" {
        return Err(Error::Corrupt(verdict));
    }
    let mut statement = connection.prepare(&format!("SELECT {} FROM items", row::ITEM_COLUMNS))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (key, record) = row::item(row)?;
        items::lists(connection, &key, &record)?;
    }
    Ok(())
}
