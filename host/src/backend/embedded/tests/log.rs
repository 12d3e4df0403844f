//! How long the log gets, and that it gets short again.

use rusqlite::Connection;

use crate::backend::embedded::Embedded;
use crate::backend::suite::{self, fields};
use crate::backend::{Backend, Insert};

const MIB: u64 = 1 << 20;

/// Writes items of 300 KiB until the log has so many bytes.
async fn fill(store: &Embedded, name: &str, log_bytes: u64) {
    let text = "x".repeat(300 * 1024);
    let mut number = 0;
    while store.log_bytes().unwrap() < log_bytes {
        number += 1;
        let inserted = store.insert(&format!("{name}{number}"), fields(&[("f", &text)]), "c").await;
        assert_eq!(inserted, Ok(Insert::Inserted(1)));
    }
}

#[tokio::test]
async fn the_log_is_short_again_when_a_long_reader_has_gone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path(), &suite::schema()).unwrap();
    let reader = Connection::open(folder.path().join("store.sqlite3")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM items").unwrap();
    fill(&store, "a", 24 * MIB).await;
    reader.execute_batch("COMMIT").unwrap();
    // The readiness check is enough, where nobody writes.
    store.check().await.unwrap();
    store.check().await.unwrap();
    assert!(store.log_bytes().unwrap() <= 8 * MIB, "{} bytes", store.log_bytes().unwrap());

    // What the store itself reads makes no long log.
    for _ in 0..3 {
        assert!(store.get("a1").await.unwrap().is_some());
        fill_once(&store).await;
    }
    assert!(store.log_bytes().unwrap() <= 8 * MIB + 4 * MIB, "{} bytes", store.log_bytes().unwrap());
    store.close().await;
    assert_eq!(store.log_bytes(), Some(0), "closed in order");
}

async fn fill_once(store: &Embedded) {
    let text = "x".repeat(300 * 1024);
    for number in 0..30 {
        let key = format!("{}{number}", uuid::Uuid::new_v4());
        assert!(store.insert(&key, fields(&[("f", &text)]), "c").await.is_ok());
    }
}

/// A killed host leaves its log. If one of its syncs had failed, nothing behind the lost bytes would survive a power cut.
#[tokio::test]
async fn a_start_merges_the_log_that_a_killed_host_left() {
    let (folder, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Embedded::open(folder.path(), &suite::schema()).unwrap();
    fill(&store, "a", MIB).await;
    for file in ["store.sqlite3", "store.sqlite3-wal"] {
        std::fs::copy(folder.path().join(file), killed.path().join(file)).unwrap();
    }
    store.close().await;
    let store = Embedded::open(killed.path(), &suite::schema()).unwrap();
    let log_bytes = store.log_bytes().unwrap();
    assert!(log_bytes <= 2 * 4120, "only what the start itself writes: {log_bytes} bytes");
    assert!(store.get("a1").await.unwrap().is_some());
    store.close().await;
}
