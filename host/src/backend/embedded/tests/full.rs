//! What is left in the log after a commit that found no room. How a full disk refuses is in `tests/disk.rs` of the whole.

use std::fs::{self, OpenOptions};
use std::io::Write;

use crate::backend::embedded::Parts;
use crate::backend::embedded::committing::{begin, commit, cut_log, probe};
use crate::backend::suite::{self, get, insert};

/// A log that grew by what no commit wrote, as after a write that stopped in the middle.
#[tokio::test]
async fn what_a_failed_commit_wrote_is_cut_off_the_log() {
    for rest in [1, 24, 4096, 4120, 50_000] {
        let folder = tempfile::tempdir().unwrap();
        let Parts { writing, files, .. } = Parts::prepare(folder.path(), &suite::schema()).unwrap();
        let log = folder.path().join("store.sqlite3-wal");
        let committed = fs::read(&log).unwrap();
        OpenOptions::new().append(true).open(&log).unwrap().write_all(&vec![7; rest]).unwrap();
        cut_log(&writing, &files).unwrap();
        assert_eq!(fs::read(&log).unwrap(), committed, "{rest} bytes");
        for _ in 0..3 {
            begin(&writing, &files).unwrap();
            probe(&writing).unwrap();
            commit(&writing, &files).unwrap();
        }
        drop((writing, files));
        let store = super::open(folder.path());
        insert(&store, "a", &[]).await;
        get(&store, "a").await;
        store.close().await;
    }
}

#[test]
fn a_log_that_was_merged_is_cut_to_what_is_valid_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let Parts { writing, files, reading, .. } = Parts::prepare(folder.path(), &suite::schema()).unwrap();
    let log = folder.path().join("store.sqlite3-wal");
    let write = || {
        begin(&writing, &files).unwrap();
        probe(&writing).unwrap();
        commit(&writing, &files).unwrap();
    };
    (0..3).for_each(|_| write());
    writing.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).unwrap();
    write();
    assert!(fs::metadata(&log).unwrap().len() > 32 + 4120, "what was merged is still behind the new frame");
    cut_log(&writing, &files).unwrap();
    assert_eq!(fs::metadata(&log).unwrap().len(), 32 + 4120);
    let count = "SELECT count(*) FROM items";
    for connection in reading.iter().chain([&writing]) {
        assert_eq!(connection.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    }
}
