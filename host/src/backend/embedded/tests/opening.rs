//! Which folders and files are taken, which are refused, and with what words.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rusqlite::Connection;

use crate::backend::embedded::{Embedded, OpenError};
use crate::backend::suite::{self, SharedBackend, get, insert, keys, note, update};
use crate::backend::{Error, Index, Query, Schema};
use crate::config::DataDir;

use super::open;

/// A closed store with one item, its folder, and a connection of another program to it.
async fn used() -> (tempfile::TempDir, Connection) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    insert(&store, "a", &[("owner", "o"), ("made_at", "1"), ("state", "s")]).await;
    update(&store, "a", note("n", "text")).await;
    store.close().await;
    let connection = Connection::open(dir.path().join("store.sqlite3")).unwrap();
    (dir, connection)
}

fn refusal(dir: &Path) -> OpenError {
    Embedded::open(dir, &suite::schema()).unwrap_err()
}

#[tokio::test]
async fn a_second_store_on_the_same_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    let text = refusal(dir.path()).to_string();
    let folder = fs::canonicalize(dir.path()).unwrap();
    assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
    assert!(text.contains(folder.to_str().unwrap()), "{text}");
    first.close().await;
    // Closed, not dropped: the folder is free all the same.
    open(dir.path()).close().await;
}

#[tokio::test]
async fn only_the_owner_may_read() {
    let dir = tempfile::tempdir().unwrap();
    let folder = DataDir { path: dir.path().join("made/on the way") }.prepare().unwrap();
    let store = open(&folder);
    insert(&store, "a", &[]).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>();
    assert_eq!(files.len(), 5, "lock, file, log and its index, counts: {files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
    store.close().await;
}

#[tokio::test]
async fn a_file_of_another_program_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.sqlite3");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE t(x)").unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(refusal(dir.path()), OpenError::Foreign { application_id: 0, .. }));
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::write(&path, "no database, but as long as a header has to be. ".repeat(4)).unwrap();
    assert!(matches!(refusal(dir.path()), OpenError::Damaged { .. }));
}

#[tokio::test]
async fn a_newer_layout_is_refused() {
    let (dir, connection) = used().await;
    connection.pragma_update(None, "user_version", 2).unwrap();
    assert!(matches!(refusal(dir.path()), OpenError::Newer { found: 2, known: 1, .. }));
    connection.pragma_update(None, "user_version", 0).unwrap();
    assert!(matches!(refusal(dir.path()), OpenError::Damaged { .. }));
}

#[tokio::test]
async fn a_layout_that_another_program_changed_is_refused() {
    for sql in [
        "CREATE TABLE more(x)",
        "CREATE INDEX mine ON items(version)",
        "CREATE TRIGGER t AFTER INSERT ON items BEGIN DELETE FROM entries; END",
        "DROP INDEX items_twin",
        "DROP TABLE entries",
        "ALTER TABLE items ADD COLUMN x TEXT",
    ] {
        let (dir, connection) = used().await;
        connection.execute_batch(sql).unwrap();
        assert!(matches!(refusal(dir.path()), OpenError::Damaged { .. }), "{sql}");
    }
    let (dir, connection) = used().await;
    connection.execute_batch("ANALYZE; VACUUM").unwrap();
    open(dir.path()).close().await;
}

async fn by_state(store: &SharedBackend) -> Result<Vec<String>, Error> {
    let query = Query { index: "ByState".to_owned(), value: "s".to_owned(), limit: 5, after: None };
    store.query(query).await.map(|page| keys(&page.items).into_iter().map(str::to_owned).collect())
}

#[tokio::test]
async fn another_schema_gets_its_indexes() {
    let (dir, connection) = used().await;
    drop(connection);
    let mut schema = suite::schema();
    let state = schema.indexes.pop().unwrap();
    let reopened =
        |schema: &Schema| std::sync::Arc::new(Embedded::open(dir.path(), schema).unwrap()) as SharedBackend;

    let store = reopened(&schema);
    assert!(matches!(by_state(&store).await, Err(Error::Invalid(_))));
    insert(&store, "b", &[("state", "s"), ("made_at", "2")]).await;
    store.close().await;

    schema.indexes.push(state);
    let store = reopened(&schema);
    assert_eq!(by_state(&store).await.unwrap(), ["b", "a"]);
    store.close().await;

    // The same name over another field.
    schema.indexes[1] = Index { order: "owner".to_owned(), ..schema.indexes[1].clone() };
    let store = reopened(&schema);
    assert_eq!(by_state(&store).await.unwrap(), ["a"]);
    store.close().await;
    let trees = Connection::open(dir.path().join("store.sqlite3")).unwrap();
    let count = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql LIKE '%json_extract%'";
    assert_eq!(trees.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), 4, "old trees were left");
}

#[tokio::test]
async fn an_index_is_not_built_from_damaged_items() {
    let (dir, connection) = used().await;
    connection.execute_batch("UPDATE items SET fields = '{\"owner\":\"p\"}'").unwrap();
    let mut schema = suite::schema();
    schema.indexes.pop();
    assert!(matches!(Embedded::open(dir.path(), &schema), Err(OpenError::Damaged { .. })));
}

#[test]
fn names_that_sqlite_would_confuse_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut schema = suite::schema();
    schema.indexes[1].name = "BYOWNER".to_owned();
    assert!(matches!(Embedded::open(dir.path(), &schema), Err(OpenError::Schema(_))));
    schema.indexes[1].name = "a\0b".to_owned();
    assert!(matches!(Embedded::open(dir.path(), &schema), Err(OpenError::Schema(_))));
}

#[tokio::test]
async fn items_can_be_read_with_sqlite() {
    let (_dir, connection) = used().await;
    let sql =
        "SELECT json_extract(items.fields, '$.owner') || entries.id FROM items JOIN entries USING (key)";
    assert_eq!(connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap(), "on");
}

#[tokio::test]
async fn a_change_past_the_checksum_is_noticed() {
    for sql in [
        "UPDATE items SET version = 9",
        "UPDATE items SET last_change = NULL",
        "UPDATE items SET counts = '{}'",
        "UPDATE entries SET fields = '{}'",
        "UPDATE entries SET seq = 1",
        "DELETE FROM entries",
        "INSERT INTO entries SELECT key, list, 'm', 1, fields, checksum FROM entries",
    ] {
        let (dir, connection) = used().await;
        connection.execute_batch(sql).unwrap();
        drop(connection);
        let store = open(dir.path());
        assert!(matches!(store.get("a").await, Err(Error::Corrupt(_))), "{sql}");
        assert_eq!(store.get("b").await.unwrap(), None);
        insert(&store, "b", &[]).await;
        get(&store, "b").await;
        store.close().await;
    }
}
