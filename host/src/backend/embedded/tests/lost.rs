//! Files that are taken from a store while it has them open.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::{Embedded, open as open_store};
use crate::backend::embedded::Parts;
use crate::backend::suite::{self, get, quotas};
use crate::backend::{Backend, Count, Error, Fields, Insert, QuotaStore};

/// A store in `data`, a folder of its own, with the item `a` and one unit counted.
struct Lost {
    outside: tempfile::TempDir,
    store: Embedded,
    count: Count,
}

impl Lost {
    async fn new() -> Lost {
        let outside = tempfile::tempdir().unwrap();
        fs::create_dir(outside.path().join("data")).unwrap();
        let store = Embedded::open(&outside.path().join("data"), &suite::schema()).unwrap();
        let lost = Lost { outside, store, count: quotas::count("one") };
        assert_eq!(lost.insert("a").await, Ok(Insert::Inserted(1)));
        assert_eq!(lost.take().await, Ok(1));
        lost.store.check().await.unwrap();
        lost
    }

    async fn insert(&self, key: &str) -> Result<Insert, Error> {
        self.store.insert(key, Fields::new(), key).await
    }

    async fn take(&self) -> Result<u64, Error> {
        self.store.take(&self.count, 1, 10).await
    }

    fn path(&self, name: &str) -> PathBuf {
        self.outside.path().join(name)
    }
}

/// Puts a copy in the place of a file, as `cp` and `mv` do.
fn replace(file: &Path) {
    let copy = file.with_extension("copy");
    fs::copy(file, &copy).unwrap();
    fs::rename(&copy, file).unwrap();
}

type Change = fn(&Path);

/// What may befall the folder `data` within another one, and whether items, counts or both are lost by it.
const LOSSES: [(&str, Change, bool, bool); 14] = [
    ("the folder is removed", |at| fs::remove_dir_all(at.join("data")).unwrap(), true, true),
    ("the folder is renamed", |at| fs::rename(at.join("data"), at.join("old")).unwrap(), true, true),
    (
        "a new folder is in the place",
        |at| {
            fs::rename(at.join("data"), at.join("old")).unwrap();
            fs::create_dir(at.join("data")).unwrap();
        },
        true,
        true,
    ),
    (
        "a copy of the folder is in the place",
        |at| {
            fs::rename(at.join("data"), at.join("old")).unwrap();
            fs::create_dir(at.join("data")).unwrap();
            for file in fs::read_dir(at.join("old")).unwrap() {
                let file = file.unwrap();
                fs::copy(file.path(), at.join("data").join(file.file_name())).unwrap();
            }
        },
        true,
        true,
    ),
    (
        "a file is in the place of the folder",
        |at| {
            fs::rename(at.join("data"), at.join("old")).unwrap();
            fs::write(at.join("data"), "").unwrap();
        },
        true,
        true,
    ),
    ("the store is removed", |at| fs::remove_file(at.join("data/store.sqlite3")).unwrap(), true, false),
    ("the store is replaced", |at| replace(&at.join("data/store.sqlite3")), true, false),
    (
        "the store is a link to nothing",
        |at| {
            fs::remove_file(at.join("data/store.sqlite3")).unwrap();
            symlink("nothing", at.join("data/store.sqlite3")).unwrap();
        },
        true,
        false,
    ),
    ("the log is removed", |at| fs::remove_file(at.join("data/store.sqlite3-wal")).unwrap(), true, false),
    ("the log is replaced", |at| replace(&at.join("data/store.sqlite3-wal")), true, false),
    (
        "the log's index is removed",
        |at| fs::remove_file(at.join("data/store.sqlite3-shm")).unwrap(),
        true,
        false,
    ),
    ("the lock is removed", |at| fs::remove_file(at.join("data/lock")).unwrap(), true, false),
    ("the counts are removed", |at| fs::remove_file(at.join("data/usage")).unwrap(), false, true),
    ("the counts are replaced", |at| replace(&at.join("data/usage")), false, true),
];

#[tokio::test]
async fn nothing_is_acknowledged_into_a_file_that_is_not_in_its_place() {
    for (what, lose, items, counts) in LOSSES {
        let lost = Lost::new().await;
        lose(lost.outside.path());
        let refused = |text: &str| text.contains("while this host has it open");
        match lost.insert("b").await {
            Err(Error::Unavailable(text)) if items => assert!(refused(&text), "{what}: {text}"),
            outcome => assert_eq!(outcome, Ok(Insert::Inserted(1)), "{what}"),
        }
        match lost.take().await {
            Err(Error::Unavailable(text)) if counts => assert!(refused(&text), "{what}: {text}"),
            outcome => assert_eq!(outcome, Ok(1), "{what}"),
        }
        let Err(Error::Unavailable(text)) = lost.store.check().await else { panic!("{what}: ready") };
        assert!(refused(&text), "{what}: {text}");
        assert!(lost.store.get("a").await.unwrap().is_some(), "{what}");
        lost.store.close().await;
    }
}

#[tokio::test]
async fn a_store_whose_files_are_back_goes_on() {
    for name in ["data", "data/store.sqlite3", "data/store.sqlite3-wal", "data/lock", "data/usage"] {
        let lost = Lost::new().await;
        fs::rename(lost.path(name), lost.path("aside")).unwrap();
        lost.store.check().await.unwrap_err();
        fs::rename(lost.path("aside"), lost.path(name)).unwrap();
        lost.store.check().await.unwrap();
        assert_eq!(lost.insert("b").await, Ok(Insert::Inserted(1)), "{name}");
        assert_eq!(lost.take().await, Ok(1), "{name}");
        lost.store.close().await;
        let store = open_store(&lost.path("data"));
        get(&store, "a").await;
        get(&store, "b").await;
        store.close().await;
    }
}

#[tokio::test]
async fn a_link_that_leads_to_another_folder_is_noticed() {
    let outside = tempfile::tempdir().unwrap();
    let (one, other, link) =
        (outside.path().join("one"), outside.path().join("other"), outside.path().join("link"));
    fs::create_dir(&one).unwrap();
    fs::create_dir(&other).unwrap();
    symlink(&one, &link).unwrap();
    let store = Embedded::open(&link, &suite::schema()).unwrap();
    assert_eq!(store.insert("a", Fields::new(), "c").await, Ok(Insert::Inserted(1)));
    fs::remove_file(&link).unwrap();
    symlink(&other, &link).unwrap();
    let refused = store.insert("b", Fields::new(), "c").await;
    assert!(
        matches!(&refused, Err(Error::Unavailable(text)) if text.contains("link/store.sqlite3")),
        "{refused:?}"
    );
    store.close().await;
}

/// The commit is synced, into a file that has no name any more: neither stored nor refused.
#[tokio::test]
async fn a_file_that_goes_during_a_commit_makes_it_unknown() {
    for name in ["store.sqlite3", "store.sqlite3-wal"] {
        let folder = tempfile::tempdir().unwrap();
        let (file, aside) = (folder.path().join(name), folder.path().join("aside"));
        let mut parts = Parts::prepare(folder.path(), &suite::schema()).unwrap();
        let (from, to) = (file.clone(), aside.clone());
        let lose = move || {
            fs::rename(&from, &to).unwrap();
            false
        };
        parts.writing.commit_hook(Some(lose)).unwrap();
        let store = parts.start().unwrap();
        let outcome = store.insert("a", Fields::new(), "c").await;
        assert!(matches!(outcome, Err(Error::Unknown(_))), "{name}: {outcome:?}");
        fs::rename(&aside, &file).unwrap();
        store.close().await;
    }
}

/// A process that is killed now takes the removed log with it.
#[tokio::test]
async fn what_was_acknowledged_is_saved_from_a_log_that_was_removed() {
    let lost = Lost::new().await;
    fs::remove_file(lost.path("data/store.sqlite3-wal")).unwrap();
    lost.insert("b").await.unwrap_err();
    // Answered only after what follows the failed batch.
    lost.insert("c").await.unwrap_err();
    fs::create_dir(lost.path("killed")).unwrap();
    fs::copy(lost.path("data/store.sqlite3"), lost.path("killed/store.sqlite3")).unwrap();
    let store = open_store(&lost.path("killed"));
    get(&store, "a").await;
    store.close().await;
    lost.store.close().await;
}

#[tokio::test]
async fn an_index_that_another_program_dropped_is_noticed() {
    let lost = Lost::new().await;
    let other = rusqlite::Connection::open(lost.path("data/store.sqlite3")).unwrap();
    let index = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '%json_extract%'";
    let name = other.query_row(index, [], |row| row.get::<_, String>(0)).unwrap();
    other.execute_batch(&format!("DROP INDEX \"{name}\"")).unwrap();
    let Err(Error::Unavailable(text)) = lost.store.check().await else { panic!("ready") };
    assert!(text.contains(&name), "{text}");
    lost.store.close().await;
}
