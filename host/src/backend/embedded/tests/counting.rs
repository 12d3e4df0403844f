//! What the file of counts promises beyond `suite`.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::{Embedded, wait_for};
use crate::backend::embedded::OpenError;
use crate::backend::embedded::quota::read;
use crate::backend::suite::{self, quotas};
use crate::backend::{Count, Error, QuotaStore};

quotas::quotas!(async || {
    let dir = tempfile::tempdir().unwrap();
    (open(dir.path()) as quotas::SharedQuotaStore, dir)
});

fn open(dir: &Path) -> Arc<Embedded> {
    Arc::new(Embedded::open(dir, &suite::schema()).unwrap())
}

fn of_day(day: usize) -> Count {
    Count { client: "one".into(), window: format!("2026-11-{day:02}/day").into() }
}

async fn take(quota_store: &Embedded, count: &Count) -> Result<u64, Error> {
    quota_store.take(count, 1, 1000).await
}

/// A process that is killed leaves the file as its last write left it: this test reads it there.
#[tokio::test]
async fn a_unit_is_in_the_file_before_it_is_given_out() {
    let dir = tempfile::tempdir().unwrap();
    let (quota_store, count) = (open(dir.path()), quotas::count("one"));
    for number in 1..=100 {
        assert_eq!(take(&quota_store, &count).await, Ok(1));
        assert_eq!(read(dir.path()).unwrap(), [(count.clone(), number)]);
    }
}

#[tokio::test]
async fn counts_are_there_again() {
    let dir = tempfile::tempdir().unwrap();
    let counts = [quotas::count("one"), quotas::count("two"), of_day(2)];
    let quota_store = open(dir.path());
    for count in &counts {
        assert_eq!(take(&quota_store, count).await, Ok(1));
    }
    drop(quota_store);
    for round in 1..=3 {
        let quota_store = wait_for(dir.path());
        for count in &counts {
            assert_eq!(quota_store.used(count).await, Ok(round));
            assert_eq!(take(&quota_store, count).await, Ok(1));
        }
    }
}

#[tokio::test]
async fn the_last_windows_of_a_client_are_kept_at_a_start() {
    let dir = tempfile::tempdir().unwrap();
    let quota_store = open(dir.path());
    for day in 1..=20 {
        take(&quota_store, &of_day(day)).await.unwrap();
    }
    drop(quota_store);
    drop(wait_for(dir.path()));
    let mut kept: Vec<_> = read(dir.path()).unwrap().into_iter().map(|(count, _)| count.window).collect();
    kept.sort();
    assert_eq!(kept, (13..=20).map(|day| of_day(day).window).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_line_that_was_never_finished_is_no_count() {
    let dir = tempfile::tempdir().unwrap();
    let quota_store = open(dir.path());
    take(&quota_store, &quotas::count("one")).await.unwrap();
    drop(quota_store);
    let whole = fs::read(dir.path().join("usage")).unwrap();
    for torn in [&[0; 128][..], &whole[..60], &[0; 60]] {
        fs::write(dir.path().join("usage"), [&whole, torn].concat()).unwrap();
        let quota_store = wait_for(dir.path());
        take(&quota_store, &of_day(1)).await.unwrap();
        drop(quota_store);
        assert_eq!(read(dir.path()).unwrap(), [(quotas::count("one"), 1), (of_day(1), 1)]);
    }
}

#[tokio::test]
async fn every_flipped_bit_of_a_count_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let quota_store = open(dir.path());
    take(&quota_store, &quotas::count("one")).await.unwrap();
    drop(quota_store);
    let path = dir.path().join("usage");
    let whole = fs::read(&path).unwrap();
    let counted = read(dir.path()).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, flipped).unwrap();
        match read(dir.path()) {
            // White space that is other white space now, or a hexadecimal digit that is a capital.
            Ok(read) => assert_eq!(read, counted, "bit {bit}"),
            Err(error) => assert!(matches!(error, OpenError::Damaged { .. }), "bit {bit}: {error}"),
        }
    }
    drop(wait_for_damage(dir.path(), &path, &whole));
}

/// A host does not start over counts that are damaged: it would give out a quota twice.
fn wait_for_damage(dir: &Path, path: &Path, whole: &[u8]) -> OpenError {
    let mut damaged = whole.to_vec();
    damaged[5] = b'7';
    fs::write(path, damaged).unwrap();
    loop {
        match Embedded::open(dir, &suite::schema()) {
            Err(OpenError::Locked { .. }) => std::thread::yield_now(),
            Err(error @ OpenError::Damaged { .. }) => return error,
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("a damaged count was believed"),
        }
    }
}
