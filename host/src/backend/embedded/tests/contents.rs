//! The whole content of an embedded store: its snapshots on disk, damage to them, and other schemas.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use crate::backend::embedded::{Embedded, Parts};
use crate::backend::suite::contents::{SharedContents, fill, hash, name};
use crate::backend::suite::{self, SharedBackend, get, insert, listed};
use crate::backend::{Backend, ContentsError, Error, Index, Query, Schema};

fn open(dir: &Path) -> SharedContents {
    Arc::new(Embedded::open(dir, &suite::schema()).unwrap())
}

suite::contents::contents!(async || {
    let dir = tempfile::tempdir().unwrap();
    (open(dir.path()), dir)
});

/// The files of a folder that end so.
fn files(dir: &Path, end: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(dir.join("snapshots")).unwrap().map(|file| file.unwrap().path());
    all.filter(|path| path.to_str().unwrap().ends_with(end)).collect()
}

fn only(dir: &Path, end: &str) -> PathBuf {
    let mut found = files(dir, end);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[tokio::test]
async fn a_damaged_snapshot_is_refused_and_the_content_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 40).await;
    store.save(&name("s")).await.unwrap();
    let plain = Arc::clone(&store) as SharedBackend;
    insert(&plain, "late", &[("owner", "late"), ("made_at", "1")]).await;
    let before = hash(&store).await;
    for end in [".sqlite3", ".json"] {
        let path = only(dir.path(), end);
        let sound = fs::read(&path).unwrap();
        let mut cases = (0..40).map(|part| {
            let mut damaged = sound.clone();
            damaged[part * (sound.len() - 1) / 39] ^= 0x11;
            damaged
        });
        let cut = [sound[..sound.len() / 2].to_vec(), Vec::new(), [&sound[..], b"x"].concat()];
        for damaged in cases.by_ref().chain(cut) {
            fs::write(&path, &damaged).unwrap();
            match store.restore(&name("s")).await {
                Err(ContentsError::Damaged { .. }) => {}
                outcome => panic!("{outcome:?} with a damaged {end}"),
            }
            let kept = store.restore_keeping(&name("s"), &name("kept")).await;
            assert!(matches!(kept, Err(ContentsError::Damaged { .. })), "{kept:?}");
            assert_eq!(files(dir.path(), ".json").len(), 1, "nothing is saved");
            assert!(matches!(store.copy(Some(&name("s"))).await, Err(ContentsError::Damaged { .. })));
        }
        fs::write(&path, &sound).unwrap();
    }
    assert_eq!(hash(&store).await, before);
    assert_eq!(listed(&plain, "late", 10).await.len(), 1);
    // A damaged snapshot can be replaced and removed.
    fs::write(only(dir.path(), ".json"), "{").unwrap();
    let listed = store.snapshots().await.unwrap();
    assert_eq!((listed.snapshots.len(), listed.damaged), (0, vec![name("s")]), "it is named");
    store.save(&name("s")).await.unwrap();
    assert!(store.snapshots().await.unwrap().damaged.is_empty());
    fs::write(only(dir.path(), ".json"), "{").unwrap();
    store.remove(&name("s")).await.unwrap();
    assert!(files(dir.path(), "").is_empty(), "{:?}", files(dir.path(), ""));
    store.close().await;
}

#[tokio::test]
async fn a_manifest_cannot_name_a_file_outside_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 3).await;
    store.save(&name("s")).await.unwrap();
    let manifest = only(dir.path(), ".json");
    let file = only(dir.path(), ".sqlite3");
    let file = file.file_name().unwrap().to_str().unwrap();
    let text = fs::read_to_string(&manifest).unwrap();
    for other in ["../store.sqlite3", "../s.00.sqlite3", "/etc/passwd", "t.00.sqlite3", "s..sqlite3"] {
        fs::write(&manifest, text.replace(file, other)).unwrap();
        let refused = store.restore(&name("s")).await;
        assert!(matches!(refused, Err(ContentsError::Damaged { .. })), "{other}: {refused:?}");
    }
    store.close().await;
}

#[tokio::test]
async fn snapshots_and_what_was_restored_are_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 25).await;
    let saved = store.save(&name("s")).await.unwrap();
    store.clear().await.unwrap();
    store.close().await;
    drop(store);
    let store = open(dir.path());
    assert!(store.items().await.unwrap().is_empty());
    assert_eq!(store.snapshots().await.unwrap().snapshots, std::slice::from_ref(&saved));
    store.restore(&name("s")).await.unwrap();
    // A process that is killed now leaves these files.
    let killed = tempfile::tempdir().unwrap();
    for file in ["store.sqlite3", "store.sqlite3-wal"] {
        fs::copy(dir.path().join(file), killed.path().join(file)).unwrap();
    }
    store.close().await;
    for dir in [dir.path(), killed.path()] {
        let store = open(dir);
        assert_eq!(hash(&store).await, saved.hash);
        assert_eq!(listed(&(Arc::clone(&store) as SharedBackend), "own", 100).await.len(), 25);
        store.close().await;
    }
}

#[tokio::test]
async fn a_snapshot_of_an_older_schema_gets_the_indexes_of_this_one() {
    let dir = tempfile::tempdir().unwrap();
    let older = Schema { indexes: vec![], ..suite::schema() };
    let store: SharedContents = Arc::new(Embedded::open(dir.path(), &older).unwrap());
    fill(&store, 25).await;
    let saved = store.save(&name("s")).await.unwrap();
    store.close().await;
    drop(store);
    let by_text = Index {
        name: "ByText".to_owned(),
        partition: "text".to_owned(),
        order: "made_at".to_owned(),
        optional: false,
    };
    let mut schema = suite::schema();
    schema.indexes.push(by_text);
    let store: SharedContents = Arc::new(Embedded::open(dir.path(), &schema).unwrap());
    store.clear().await.unwrap();
    assert_eq!(store.restore(&name("s")).await.unwrap(), saved);
    let plain = Arc::clone(&store) as SharedBackend;
    assert_eq!(listed(&plain, "own", 10).await.len(), 25);
    let query = Query { index: "ByText".to_owned(), value: "\u{e9}\0".to_owned(), limit: 100, after: None };
    assert_eq!(plain.query(query).await.unwrap().items.len(), 25);
    assert_eq!(hash(&store).await, saved.hash);
    store.close().await;
    drop(store);
    // The next start finds nothing to change or to complain about.
    Embedded::open(dir.path(), &schema).unwrap().close().await;
}

#[tokio::test]
async fn files_that_a_killed_process_left_are_removed_by_the_next_save() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.save(&name("s")).await.unwrap();
    let folder = dir.path().join("snapshots");
    for left in [".new-abc", "s.0a.sqlite3", "t.0b.sqlite3"] {
        fs::write(folder.join(left), "left").unwrap();
    }
    fs::write(folder.join("notes.txt"), "of a person").unwrap();
    store.save(&name("s")).await.unwrap();
    assert_eq!(files(dir.path(), "").len(), 3, "{:?}", files(dir.path(), ""));
    assert!(folder.join("notes.txt").exists());
    store.close().await;
}

#[tokio::test]
async fn a_snapshot_is_a_store_that_sqlite_can_read_and_only_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 5).await;
    let saved = store.save(&name("s")).await.unwrap();
    let file = only(dir.path(), ".sqlite3");
    assert_eq!(saved.bytes, fs::metadata(&file).unwrap().len());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&only(dir.path(), ".json"))), (0o600, 0o600));
    assert_eq!(mode(&dir.path().join("snapshots")), 0o700);
    let number =
        Connection::open(&file).unwrap().query_row("SELECT count(*) FROM items", [], |row| row.get(0));
    assert_eq!(number, Ok(5));
    store.close().await;
}

#[tokio::test]
async fn a_damaged_store_is_not_saved() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 5).await;
    store.close().await;
    drop(store);
    let changed = "UPDATE items SET fields = '{}' WHERE rowid = 3";
    let hidden = "DELETE FROM entries WHERE key = (SELECT key FROM entries LIMIT 1)";
    for sql in [changed, hidden] {
        let copy = tempfile::tempdir().unwrap();
        fs::copy(dir.path().join("store.sqlite3"), copy.path().join("store.sqlite3")).unwrap();
        Connection::open(copy.path().join("store.sqlite3")).unwrap().execute_batch(sql).unwrap();
        let store = open(copy.path());
        let refused = store.save(&name("s")).await;
        assert!(matches!(refused, Err(ContentsError::Store(Error::Corrupt(_)))), "{sql}: {refused:?}");
        let refused = store.items().await;
        assert!(matches!(refused, Err(ContentsError::Store(Error::Corrupt(_)))), "{sql}: {refused:?}");
        // To clear the store is the way out.
        store.clear().await.unwrap();
        store.save(&name("s")).await.unwrap();
        store.close().await;
    }
}

/// The second tree of an index has a row more than the first.
#[tokio::test]
async fn a_store_with_a_damaged_index_is_not_saved() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 5).await;
    store.close().await;
    drop(store);
    let tree = format!("{} 2 %", suite::schema().indexes[0].name);
    let damage = format!(
        "PRAGMA writable_schema = ON; \
         CREATE TEMP TABLE tree AS SELECT * FROM sqlite_schema WHERE name LIKE '{tree}'; \
         DELETE FROM sqlite_schema WHERE name LIKE '{tree}'; PRAGMA writable_schema = RESET; \
         DELETE FROM items WHERE counts = '{{}}'; \
         PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM tree; \
         PRAGMA writable_schema = RESET"
    );
    Connection::open(dir.path().join("store.sqlite3")).unwrap().execute_batch(&damage).unwrap();
    let store = open(dir.path());
    assert_eq!(store.items().await.unwrap().len(), 3, "the items are whole");
    let refused = store.save(&name("s")).await;
    assert!(matches!(refused, Err(ContentsError::Store(Error::Corrupt(_)))), "{refused:?}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_that_writes_makes_a_restore_fail_in_time_and_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 5).await;
    store.save(&name("s")).await.unwrap();
    let plain = Arc::clone(&store) as SharedBackend;
    insert(&plain, "late", &[]).await;
    let other = Connection::open(dir.path().join("store.sqlite3")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = store.restore(&name("s")).await;
    assert!(matches!(refused, Err(ContentsError::Store(Error::Unavailable(_)))), "{refused:?}");
    other.execute_batch("ROLLBACK").unwrap();
    get(&plain, "late").await;
    store.restore(&name("s")).await.unwrap();
    assert_eq!(store.items().await.unwrap().len(), 5);
    store.close().await;
}

#[tokio::test]
async fn the_log_is_short_again_after_a_restore() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let plain = Arc::clone(&store) as SharedBackend;
    let text = "x".repeat(300 * 1024);
    for number in 0..60 {
        insert(&plain, &format!("k{number}"), &[("text", &text)]).await;
    }
    store.save(&name("s")).await.unwrap();
    for _ in 0..3 {
        store.restore(&name("s")).await.unwrap();
        get(&plain, "k7").await;
    }
    store.check().await.unwrap();
    store.check().await.unwrap();
    let bytes = plain.log_bytes().unwrap();
    assert!(bytes <= 8 << 20, "{bytes} bytes");
    store.close().await;
}

/// The file may not grow, as on a full disk.
#[tokio::test]
async fn a_restore_for_which_there_is_no_room_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 200).await;
    store.save(&name("large")).await.unwrap();
    store.clear().await.unwrap();
    fill(&store, 5).await;
    let before = hash(&store).await;
    store.close().await;
    drop(store);
    let parts = Parts::prepare(dir.path(), &suite::schema()).unwrap();
    parts.writing.execute_batch("PRAGMA max_page_count = 20").unwrap();
    let store: SharedContents = Arc::new(parts.start().unwrap());
    for _ in 0..2 {
        let refused = store.restore(&name("large")).await;
        let Err(ContentsError::Store(Error::Unavailable(text))) = &refused else { panic!("{refused:?}") };
        assert!(text.contains("nothing was stored"), "{text}");
        assert_eq!(hash(&store).await, before);
        store.check().await.unwrap();
    }
    let plain = Arc::clone(&store) as SharedBackend;
    insert(&plain, "more", &[]).await;
    store.close().await;
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.items().await.unwrap().len(), 6);
    assert_eq!(store.restore(&name("large")).await.unwrap().items, 200);
    store.close().await;
}
