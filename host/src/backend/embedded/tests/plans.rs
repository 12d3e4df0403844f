//! How SQLite finds what is asked for.

use rusqlite::Connection;

use crate::backend::Schema;
use crate::backend::embedded::items::{FIND_ENTRIES, FIND_ENTRY, FIND_ITEM};
use crate::backend::embedded::layout::Layout;
use crate::backend::suite;

#[test]
fn a_page_is_one_search_in_each_tree_and_no_sort() {
    // Names that would end a string, an identifier or a JSON path if they were not quoted.
    for field in ["owner", "it's", "a\"b", "a\\b", "a.b", "[0]", "$", "\u{e9}", "#-1", "a\nb", "0"] {
        let mut schema = suite::schema();
        field.clone_into(&mut schema.indexes[0].partition);
        field.clone_into(&mut schema.indexes[0].name);
        assert_searches(&schema);
    }
}

fn assert_searches(schema: &Schema) {
    let mut connection = Connection::open_in_memory().unwrap();
    let layout = Layout::new(schema).unwrap();
    layout.create(&mut connection).unwrap();
    layout.ensure_indexes(&mut connection).unwrap();
    for tree in layout.trees() {
        for (sql, range) in
            [(&tree.ties, "<expr>=? AND <expr>=? AND key<?"), (&tree.rest, "<expr>=? AND <expr><?")]
        {
            let plan = plan(&connection, sql);
            let covering = if sql.starts_with("SELECT key FROM") { "COVERING " } else { "" };
            assert_eq!(plan, format!("SEARCH items USING {covering}INDEX {} ({range})", tree.name), "{sql}");
        }
    }
}

/// The statements of `items` name the tree that they want; this is whether they get it.
#[test]
fn a_row_and_its_twin_are_looked_for_in_different_trees() {
    let mut connection = Connection::open_in_memory().unwrap();
    Layout::new(&suite::schema()).unwrap().create(&mut connection).unwrap();
    let plans = [
        (FIND_ITEM.as_str(), "SEARCH items USING INDEX sqlite_autoindex_items_1 (key=?)"),
        (
            "SELECT 1 FROM items INDEXED BY items_twin WHERE key = ?1",
            "SEARCH items USING COVERING INDEX items_twin (key=?)",
        ),
        (FIND_ENTRY.as_str(), "SEARCH entries USING PRIMARY KEY (key=? AND list=? AND id=?)"),
        (FIND_ENTRIES.as_str(), "SEARCH entries USING PRIMARY KEY (key=?)"),
        (
            "SELECT 1 FROM entries INDEXED BY entries_twin WHERE key = ?1 AND list = ?2 AND id = ?3",
            "SEARCH entries USING COVERING INDEX entries_twin (key=? AND list=? AND id=?)",
        ),
    ];
    for (sql, expected) in plans {
        assert_eq!(plan(&connection, sql), expected);
    }
}

fn plan(connection: &Connection, sql: &str) -> String {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let values = vec![rusqlite::types::Null; statement.parameter_count()];
    let steps =
        statement.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
    steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
}
