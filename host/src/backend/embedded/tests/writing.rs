//! Batches, and what happens when the disk does not do as it should.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::Connection;
use tokio::task::{JoinSet, yield_now};

use crate::backend::embedded::error::StatementError;
use crate::backend::embedded::readers::Readers;
use crate::backend::embedded::writer::Writer;
use crate::backend::embedded::{Embedded, Parts, items};
use crate::backend::suite::{self, fields, get, insert, note, update};
use crate::backend::{Backend, Error, Fields, Insert, Update};

fn parts(dir: &tempfile::TempDir) -> Parts {
    Parts::prepare(dir.path(), &suite::schema()).unwrap()
}

/// Lets a number of commits pass, fails all that follow, and counts both.
fn fail_after(connection: &mut Connection, passing: usize) -> Arc<AtomicUsize> {
    let commits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&commits);
    connection.commit_hook(Some(move || counted.fetch_add(1, Ordering::SeqCst) >= passing)).unwrap();
    commits
}

async fn try_insert(store: &Embedded, key: &str) -> Result<Insert, Error> {
    store.insert(key, Fields::new(), key).await
}

/// Queues inserts before the thread runs, so that what it finds does not hang on time.
async fn queue(writer: &Arc<Writer>, number: usize) -> JoinSet<Result<Insert, Error>> {
    let mut waiting = JoinSet::new();
    for key in 0..number {
        let writer = Arc::clone(writer);
        let op =
            move |connection: &Connection| items::insert(connection, &key.to_string(), Fields::new(), "c");
        waiting.spawn(async move { writer.submit(op).await });
    }
    while writer.waiting() < number {
        yield_now().await;
    }
    waiting
}

#[tokio::test]
async fn writes_that_wait_share_commits() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir);
    let commits = fail_after(&mut parts.writing, usize::MAX);
    let (writer, inbox) = Writer::new();
    let writer = Arc::new(writer);
    let readers = Readers::new(parts.reading);
    let waiting = queue(&writer, 600).await;
    inbox.start(parts.writing, parts.lock, parts.files, readers.snapshots()).unwrap();
    let outcomes = waiting.join_all().await;
    assert!(outcomes.iter().all(|outcome| *outcome == Ok(Insert::Inserted(1))));
    assert_eq!(commits.load(Ordering::SeqCst), 3, "600 writes, 256 a commit");
    writer.close().await;
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let (writer, inbox) = Writer::new();
    let writer = Arc::new(writer);
    let mut waiting = queue(&writer, 1024).await;
    assert_eq!(writer.submit(|_| Ok(())).await, Err(Error::Throttled { retry_after: None }));
    // What nobody will ever do is unknown, not lost in silence.
    drop(inbox);
    assert!(matches!(waiting.join_next().await.unwrap().unwrap(), Err(Error::Unknown(_))));
    assert!(matches!(writer.submit(|_| Ok(())).await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn after_a_failed_commit_nothing_is_written_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir);
    let commits = fail_after(&mut parts.writing, 1);
    let store = parts.start().unwrap();
    assert_eq!(try_insert(&store, "a").await, Ok(Insert::Inserted(1)));
    assert!(matches!(try_insert(&store, "b").await, Err(Error::Unknown(_))));
    let is_final = |error: Error| matches!(error, Error::Unavailable(text) if text.contains("restart"));
    assert!(is_final(store.check().await.unwrap_err()));
    assert!(is_final(try_insert(&store, "c").await.unwrap_err()));
    assert!(is_final(try_insert(&store, "a").await.unwrap_err()));
    assert_eq!(commits.load(Ordering::SeqCst), 2, "a commit was tried again");
    // Reads go on.
    assert!(store.get("a").await.unwrap().is_some());
    assert!(store.get("b").await.unwrap().is_none());
    store.close().await;

    let store = super::open(dir.path());
    get(&store, "a").await;
    insert(&store, "b", &[]).await;
    store.close().await;
}

#[tokio::test]
async fn a_batch_whose_commit_fails_is_unknown_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(&dir);
    let commits = fail_after(&mut parts.writing, 0);
    let (writer, inbox) = Writer::new();
    let writer = Arc::new(writer);
    let readers = Readers::new(parts.reading);
    let waiting = queue(&writer, 300).await;
    inbox.start(parts.writing, parts.lock, parts.files, readers.snapshots()).unwrap();
    let outcomes = waiting.join_all().await;
    let unknown = outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Unknown(_)))).count();
    let unavailable = outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Unavailable(_)))).count();
    assert_eq!((unknown, unavailable), (256, 44), "the second batch was never begun");
    assert_eq!(commits.load(Ordering::SeqCst), 1);
    assert_eq!(readers.read(|connection| items::get(connection, "0")).await, Ok(None));
}

async fn limit_pages(store: &Embedded, pages: u32) {
    let sql = format!("PRAGMA max_page_count = {pages}");
    store.access.writer.submit(move |connection| Ok(connection.execute_batch(&sql)?)).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let store = parts(&dir).start().unwrap();
    assert_eq!(try_insert(&store, "a").await, Ok(Insert::Inserted(1)));
    limit_pages(&store, 40).await;
    let big = fields(&[("f", &"x".repeat(300_000))]);
    let refused = store.insert("b", big.clone(), "c").await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    let mut change = note("n", &"x".repeat(300_000));
    change.set = fields(&[("g", "1")]);
    let refused = store.update("a", change.clone()).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert_eq!(store.get("b").await, Ok(None));
    assert_eq!(store.get("a").await.unwrap().unwrap().version, 1);
    store.check().await.unwrap();

    limit_pages(&store, 1_000_000).await;
    assert_eq!(store.insert("b", big, "c").await, Ok(Insert::Inserted(1)));
    assert_eq!(store.update("a", change).await, Ok(Update::Updated(2)));
    store.close().await;
}

/// The first statement of an append is taken back when the second fails, and its neighbours are stored.
#[tokio::test]
async fn a_failed_write_leaves_its_neighbours_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = parts(&dir).start().unwrap();
    assert_eq!(try_insert(&store, "a").await, Ok(Insert::Inserted(1)));
    assert_eq!(try_insert(&store, "b").await, Ok(Insert::Inserted(1)));
    let failing = |connection: &Connection| {
        let stop = "CREATE TEMP TRIGGER stop BEFORE UPDATE ON items WHEN old.key = 'b'
                    BEGIN SELECT raise(ABORT, 'stopped'); END";
        connection.execute_batch(stop)?;
        let first = items::update(connection, "a", &note("n", "text"));
        let second = items::update(connection, "b", &note("n", "text"));
        connection.execute_batch("DROP TRIGGER stop")?;
        Ok((first, second))
    };
    let (first, second) = store.access.writer.submit(failing).await.unwrap();
    assert_eq!(first, Ok(Update::Updated(2)));
    assert!(second.is_err(), "{second:?}");
    assert_eq!(store.get("a").await.unwrap().unwrap().lists.len(), 1);
    assert_eq!(store.get("b").await.unwrap().unwrap().lists.len(), 0);
    assert_eq!(store.update("b", note("n", "text")).await, Ok(Update::Updated(2)));
    store.close().await;
}

#[tokio::test]
async fn a_panic_on_the_writing_thread_is_unknown_and_not_forever() {
    let dir = tempfile::tempdir().unwrap();
    let store = parts(&dir).start().unwrap();
    let outcome =
        store.access.writer.submit(|_| -> Result<(), StatementError> { panic!("on purpose") }).await;
    assert!(matches!(outcome, Err(Error::Unknown(_))));
    while store.check().await.is_ok() {
        yield_now().await;
    }
    assert!(matches!(try_insert(&store, "a").await, Err(Error::Unavailable(_))));
    assert_eq!(store.get("a").await, Ok(None), "reads go on");
    store.close().await;
    let store = super::open(dir.path());
    insert(&store, "a", &[]).await;
    update(&store, "a", note("n", "text")).await;
    store.close().await;
}

#[tokio::test]
async fn a_dropped_store_ends_its_thread_and_keeps_what_was_queued() {
    let dir = tempfile::tempdir().unwrap();
    let parts = parts(&dir);
    let (writer, inbox) = Writer::new();
    let writer = Arc::new(writer);
    let readers = Readers::new(parts.reading);
    let waiting = queue(&writer, 10).await;
    let thread = inbox.start(parts.writing, parts.lock, parts.files, readers.snapshots()).unwrap();
    // Those who wait go away, and the writer with them.
    drop(waiting);
    drop(writer);
    while !thread.is_finished() {
        yield_now().await;
    }
    let store = super::open(dir.path());
    get(&store, "9").await;
    store.close().await;
}
