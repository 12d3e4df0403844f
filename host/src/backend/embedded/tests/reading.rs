//! Snapshots that are kept from one read to the next.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tokio::task::JoinSet;

use crate::backend::embedded::error::StatementError;
use crate::backend::embedded::snapshots::Snapshots;
use crate::backend::embedded::{Parts, items};
use crate::backend::suite::{self, get, insert, listed};
use crate::backend::{Backend, Error, Fields};

fn add(connection: &Connection, key: &str) {
    items::insert(connection, key, Fields::new(), key).unwrap();
}

fn log_bytes(dir: &Path) -> u64 {
    fs::metadata(dir.join("store.sqlite3-wal")).unwrap().len()
}

fn count(connection: &Connection) -> Result<u32, StatementError> {
    Ok(connection.query_row("SELECT count(*) FROM items", [], |row| row.get(0))?)
}

#[test]
fn a_snapshot_is_kept_until_the_next_commit() {
    let dir = tempfile::tempdir().unwrap();
    let Parts { writing, mut reading, .. } = Parts::prepare(dir.path(), &suite::schema()).unwrap();
    let snapshots = Snapshots::new(reading.drain(..1).collect());
    let read = || snapshots.read(count).unwrap().unwrap();
    assert_eq!(read(), 0);
    // Nobody says that this is committed, so that what is kept can be told from what is new.
    add(&writing, "a");
    assert_eq!(read(), 0, "the snapshot was not kept");
    drop(snapshots.commit());
    assert_eq!(read(), 1, "a commit did not end the snapshot");

    add(&writing, "b");
    let failed: Option<Result<(), StatementError>> =
        snapshots.read(|_| Err(Error::Corrupt("a row".to_owned()).into()));
    assert!(matches!(failed, Some(Err(StatementError(Error::Corrupt(_))))));
    assert_eq!(read(), 2, "the snapshot of a read that failed was kept");

    let commit = snapshots.commit();
    assert_eq!(read(), 2);
    add(&writing, "c");
    assert_eq!(read(), 3, "a snapshot was kept while a commit was under way");
    drop(commit);
    add(&writing, "d");
    assert_eq!(read(), 4, "a snapshot that was taken during a commit was kept after it");
}

#[test]
fn a_snapshot_that_was_lent_over_a_commit_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let Parts { writing, mut reading, .. } = Parts::prepare(dir.path(), &suite::schema()).unwrap();
    let snapshots = Snapshots::new(reading.drain(..1).collect());
    let seen = snapshots.read(|connection| {
        let before = count(connection)?;
        let commit = snapshots.commit();
        add(&writing, "a");
        drop(commit);
        assert_eq!(count(connection)?, before, "a read saw two moments");
        assert!(snapshots.read(count).is_none(), "a connection was lent twice");
        Ok(before)
    });
    assert_eq!(seen.unwrap(), Ok(0));
    assert_eq!(snapshots.read(count).unwrap(), Ok(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_was_answered_reads_it_while_others_read_and_write() {
    let dir = tempfile::tempdir().unwrap();
    let store = super::open(dir.path());
    let mut writers = JoinSet::new();
    for owner in 0..8 {
        let store = store.clone();
        writers.spawn(async move {
            let owner = format!("o{owner}");
            for number in 1..=40 {
                let key = format!("{owner}-{number}");
                let at = format!("{number:03}");
                insert(&store, &key, &[("owner", &owner), ("made_at", &at)]).await;
                assert_eq!(get(&store, &key).await.version, 1);
                assert_eq!(listed(&store, &owner, 100).await.len(), number);
            }
        });
    }
    writers.join_all().await;
    store.close().await;
}

#[tokio::test]
async fn snapshots_do_not_keep_the_log_from_being_merged() {
    let dir = tempfile::tempdir().unwrap();
    let store = super::open(dir.path());
    let text = "x".repeat(3000);
    for number in 0..600 {
        let key = format!("k{number}");
        insert(&store, &key, &[("owner", "ada"), ("made_at", &key), ("text", &text)]).await;
        get(&store, &key).await;
    }
    let bytes = log_bytes(dir.path());
    // It is merged from 1,000 pages on; one that never is has some 6,000 here.
    assert!((1..2000 * 4096).contains(&bytes), "{bytes} bytes");
    store.close().await;
}

#[tokio::test]
async fn a_store_that_is_dropped_after_a_read_merges_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let store = super::open(dir.path());
    insert(&store, "a", &[]).await;
    get(&store, "a").await;
    drop(store);
    let store = super::wait_for(dir.path());
    // All that is in it is the write that tries the disk.
    assert_eq!(log_bytes(dir.path()), 32 + 24 + 4096);
    store.close().await;
}
