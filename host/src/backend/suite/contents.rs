//! Claims about the whole content of a backend. They take an empty store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::task::JoinSet;

use super::quotas::count;
use super::{SharedBackend, fields, get, ids, insert, keys, listed, note, set, update};
use crate::backend::contents::SNAPSHOTS_LIMIT;
use crate::backend::{Backend, Contents, ContentsError, Error, Insert, QuotaStore, SnapshotName, Update};
use crate::state::{self, Ignored};

/// One test for each claim about the whole content, as `conformance!` makes them for items.
#[macro_export]
macro_rules! contents {
    ($fresh:expr) => {
        $crate::backend::suite::contents::contents! { $fresh;
            a_cleared_store_lists_nothing_and_counts_anew,
            a_closed_store_saves_and_restores_nothing,
            a_copy_in_memory_equals_its_source_and_stays_apart,
            a_reader_during_changes_sees_one_state_and_never_a_mixture,
            a_restored_store_has_its_hash_again_after_many_writes,
            a_snapshot_is_replaced_by_one_of_the_same_name,
            a_write_after_a_clear_stays_and_one_before_it_does_not,
            indexes_list_what_was_restored,
            items_are_complete_and_in_the_order_of_their_keys,
            more_snapshots_than_the_limit_are_refused,
            snapshots_that_do_not_exist_are_missing,
            what_makes_writes_repeatable_is_restored,
        }
    };
    ($fresh:expr; $($claim:ident),* $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $claim() {
            let (store, _kept) = ($fresh)().await;
            $crate::backend::suite::contents::$claim(&store).await;
            $crate::backend::Backend::close(&*store).await;
        }
    )* };
}
pub use contents;

/// A store with everything that the claims need.
pub trait Whole: Backend + Contents + QuotaStore {}

impl<S: Backend + Contents + QuotaStore> Whole for S {}

/// What the claims are made about.
pub type SharedContents = Arc<dyn Whole>;

/// A snapshot's name.
pub fn name(name: &str) -> SnapshotName {
    name.parse().unwrap()
}

fn backend(store: &SharedContents) -> SharedBackend {
    Arc::clone(store) as SharedBackend
}

/// Fills a store with items of the owner `own`, each with entries in two lists.
pub async fn fill(store: &SharedContents, number: usize) {
    let store = backend(store);
    for number in 0..number {
        // The keys do not come in their order.
        let key = format!("{:08x}", crc32fast::hash(&number.to_le_bytes()));
        let at = format!("{number:05}");
        insert(&store, &key, &[("owner", "own"), ("made_at", &at), ("state", "new"), ("text", "\u{e9}\0")])
            .await;
        for entry in 0..number % 3 {
            update(&store, &key, note(&format!("n{entry}"), "text")).await;
            update(&store, &key, super::append(&format!("l{entry}"), "links", "to", 10)).await;
        }
    }
}

/// The hash of the present state.
pub async fn hash(store: &SharedContents) -> String {
    state::hash(&store.items().await.unwrap(), &Ignored::default())
}

pub async fn a_cleared_store_lists_nothing_and_counts_anew(store: &SharedContents) {
    assert_eq!(store.is_empty().await, Ok(true));
    fill(store, 20).await;
    assert_eq!(store.is_empty().await, Ok(false));
    assert_eq!(store.take(&count("one"), 3, 3).await, Ok(3));
    assert_eq!(store.take(&count("one"), 1, 3).await, Ok(0));
    store.clear().await.unwrap();
    assert!(store.items().await.unwrap().is_empty());
    assert_eq!(store.is_empty().await, Ok(true));
    let plain = backend(store);
    assert!(listed(&plain, "own", 10).await.is_empty());
    assert_eq!(store.used(&count("one")).await, Ok(0));
    assert_eq!(store.take(&count("one"), 3, 3).await, Ok(3));
    store.check().await.unwrap();
    // The same keys are free again.
    fill(store, 20).await;
    assert_eq!(listed(&plain, "own", 7).await.len(), 20);
    store.clear().await.unwrap();
    store.clear().await.unwrap();
    assert!(store.items().await.unwrap().is_empty());
}

pub async fn a_restored_store_has_its_hash_again_after_many_writes(store: &SharedContents) {
    fill(store, 50).await;
    let (before, wanted) = (hash(store).await, store.items().await.unwrap());
    let saved = store.save(&name("before")).await.unwrap();
    assert_eq!((saved.hash.as_str(), saved.items), (before.as_str(), 50));
    assert!(saved.bytes > 0);
    let plain = backend(store);
    let mut writers = JoinSet::new();
    for (writer, item) in wanted.iter().enumerate().take(10) {
        let plain = Arc::clone(&plain);
        let old = item.key.clone();
        writers.spawn(async move {
            for number in 0..50 {
                insert(&plain, &format!("new {writer} {number}"), &[("owner", "own"), ("made_at", "9")])
                    .await;
                update(&plain, &old, set(&format!("s{number}"), &[("state", &number.to_string())])).await;
            }
        });
    }
    writers.join_all().await;
    assert_ne!(hash(store).await, before);
    assert_eq!(store.restore(&name("before")).await.unwrap(), saved);
    assert_eq!(store.items().await.unwrap(), wanted);
    assert_eq!(hash(store).await, before);
    // A snapshot can be restored again and again, also after a clear.
    store.clear().await.unwrap();
    store.restore(&name("before")).await.unwrap();
    assert_eq!(hash(store).await, before);
}

pub async fn indexes_list_what_was_restored(store: &SharedContents) {
    fill(store, 30).await;
    let plain = backend(store);
    let before = listed(&plain, "own", 100).await;
    store.save(&name("s")).await.unwrap();
    for item in &before {
        update(&plain, &item.key, set("move", &[("owner", "other"), ("made_at", "0")])).await;
    }
    insert(&plain, "late", &[("owner", "own"), ("made_at", "1")]).await;
    assert_eq!(keys(&listed(&plain, "own", 100).await), ["late"]);
    store.restore(&name("s")).await.unwrap();
    for limit in [1, 7, 100] {
        assert_eq!(listed(&plain, "own", limit).await, before);
    }
    assert!(listed(&plain, "other", 100).await.is_empty());
    assert_eq!(plain.get("late").await.unwrap(), None);
    store.check().await.unwrap();
}

pub async fn what_makes_writes_repeatable_is_restored(store: &SharedContents) {
    let plain = backend(store);
    insert(&plain, "k", &[("owner", "own"), ("made_at", "1")]).await;
    update(&plain, "k", note("n", "text")).await;
    let version = update(&plain, "k", set("last", &[("state", "new")])).await;
    store.save(&name("s")).await.unwrap();
    update(&plain, "k", set("later", &[("state", "newer")])).await;
    store.restore(&name("s")).await.unwrap();
    let copied: SharedBackend = Arc::new(store.copy(None).await.unwrap());
    for store in [&plain, &copied] {
        assert_eq!(update(store, "k", set("last", &[("state", "new")])).await, version);
        let repeated = store.insert("k", fields(&[]), "insert k").await.unwrap();
        assert_eq!(repeated, Insert::Repeated(get(store, "k").await));
        let again = store.update("k", note("n", "other")).await.unwrap();
        assert!(matches!(again, Update::Duplicate(_)));
        update(store, "k", note("m", "text")).await;
        assert_eq!(ids(&get(store, "k").await, "notes"), ["n", "m"]);
    }
}

pub async fn items_are_complete_and_in_the_order_of_their_keys(store: &SharedContents) {
    fill(store, 40).await;
    let items = store.items().await.unwrap();
    assert_eq!(items.len(), 40);
    assert!(items.is_sorted_by(|one, other| one.key < other.key));
    let plain = backend(store);
    for item in items {
        assert_eq!(get(&plain, &item.key).await, item);
    }
}

pub async fn a_copy_in_memory_equals_its_source_and_stays_apart(store: &SharedContents) {
    fill(store, 30).await;
    store.save(&name("early")).await.unwrap();
    let plain = backend(store);
    let early = (store.items().await.unwrap(), listed(&plain, "own", 100).await);
    insert(&plain, "late", &[("owner", "own"), ("made_at", "9")]).await;
    let now = (store.items().await.unwrap(), listed(&plain, "own", 100).await);
    let old = name("early");
    for (from, expected) in [(Some(&old), &early), (None, &now)] {
        let copy: SharedContents = Arc::new(store.copy(from).await.unwrap());
        let plain = backend(&copy);
        assert_eq!(&(copy.items().await.unwrap(), listed(&plain, "own", 100).await), expected);
        assert!(copy.snapshots().await.unwrap().snapshots.is_empty());
        copy.clear().await.unwrap();
        insert(&plain, "only here", &[]).await;
    }
    assert_eq!((store.items().await.unwrap(), listed(&plain, "own", 100).await), now);
    assert_eq!(store.restore(&old).await.unwrap().items, 30);
    assert_eq!(store.items().await.unwrap(), early.0);
}

pub async fn a_snapshot_is_replaced_by_one_of_the_same_name(store: &SharedContents) {
    let plain = backend(store);
    store.save(&name("b")).await.unwrap();
    insert(&plain, "k", &[("state", "1")]).await;
    let first = store.save(&name("a")).await.unwrap();
    update(&plain, "k", set("c", &[("state", "2")])).await;
    let second = store.save(&name("a")).await.unwrap();
    assert_ne!(first.hash, second.hash);
    let listed = store.snapshots().await.unwrap().snapshots;
    assert_eq!(listed.iter().map(|snapshot| snapshot.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((listed[0].clone(), listed[1].items), (second, 0));
    store.clear().await.unwrap();
    store.restore(&name("a")).await.unwrap();
    assert_eq!(get(&plain, "k").await.fields, fields(&[("state", "2")]).into());
    store.restore(&name("b")).await.unwrap();
    assert!(store.items().await.unwrap().is_empty());
}

pub async fn snapshots_that_do_not_exist_are_missing(store: &SharedContents) {
    fill(store, 3).await;
    let before = hash(store).await;
    let missing = ContentsError::Missing(name("none"));
    assert!(store.snapshots().await.unwrap().snapshots.is_empty());
    assert_eq!(store.restore(&name("none")).await.unwrap_err(), missing);
    assert_eq!(store.remove(&name("none")).await.unwrap_err(), missing);
    assert_eq!(store.copy(Some(&name("none"))).await.unwrap_err(), missing);
    store.save(&name("none")).await.unwrap();
    store.remove(&name("none")).await.unwrap();
    assert_eq!(store.restore(&name("none")).await.unwrap_err(), missing);
    assert!(store.snapshots().await.unwrap().snapshots.is_empty());
    let whole = store.save(&name("kept")).await.unwrap();
    store.clear().await.unwrap();
    assert_eq!(store.restore_keeping(&name("none"), &name("kept")).await.unwrap_err(), missing);
    let restored = store.restore_keeping(&name("kept"), &name("empty")).await.unwrap();
    assert_eq!((restored.0, restored.1.items), (whole, 0));
    assert_eq!(hash(store).await, before);
}

pub async fn more_snapshots_than_the_limit_are_refused(store: &SharedContents) {
    for number in 0..SNAPSHOTS_LIMIT {
        store.save(&name(&format!("s{number:02}"))).await.unwrap();
    }
    let error = store.save(&name("more")).await.unwrap_err();
    assert!(matches!(error, ContentsError::Full { .. }));
    assert!(error.to_string().contains("remove a snapshot first (s00: "), "{error}");
    // What the host takes by itself takes no place.
    store.save(&SnapshotName::before_reset()).await.unwrap();
    store.remove(&SnapshotName::before_reset()).await.unwrap();
    // One of the same name takes no additional place.
    store.save(&name("s00")).await.unwrap();
    store.remove(&name("s01")).await.unwrap();
    store.save(&name("more")).await.unwrap();
    assert_eq!(store.snapshots().await.unwrap().snapshots.len(), SNAPSHOTS_LIMIT);
}

pub async fn a_reader_during_changes_sees_one_state_and_never_a_mixture(store: &SharedContents) {
    // In each state, all items have the same text.
    let plain = backend(store);
    for state in ["one", "two"] {
        for number in 0..60 {
            let (key, at) = (format!("k{number:02}"), format!("{number:02}"));
            plain.insert(&key, fields(&[("owner", "own"), ("made_at", &at)]), "c").await.unwrap();
            update(&plain, &key, set(state, &[("text", state)])).await;
        }
        store.save(&name(state)).await.unwrap();
    }
    let done = Arc::new(AtomicBool::new(false));
    let reads = Arc::new(AtomicU32::new(0));
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let (store, plain, done) = (Arc::clone(store), Arc::clone(&plain), Arc::clone(&done));
        let reads = Arc::clone(&reads);
        readers.spawn(async move {
            while !done.load(Ordering::Relaxed) {
                let page = super::page(&plain, "own", 100, None).await;
                let texts = page.items.iter().map(|item| item.fields[2].1.clone()).collect::<BTreeSet<_>>();
                let seen = (page.items.len(), texts.len());
                assert!(seen == (60, 1) || seen == (0, 0), "{seen:?}: {texts:?}");
                let items = store.items().await.unwrap();
                let texts = items.iter().map(|item| item.fields[2].1.clone()).collect::<BTreeSet<_>>();
                let seen = (items.len(), texts.len());
                assert!(seen == (60, 1) || seen == (0, 0), "{seen:?}: {texts:?}");
                reads.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
    }
    let mut rounds = 0;
    while rounds < 15 || reads.load(Ordering::Relaxed) < 60 {
        rounds += 1;
        tokio::task::yield_now().await;
        for state in ["one", "two"] {
            store.restore(&name(state)).await.unwrap();
            assert_eq!(get(&plain, "k07").await.fields[2].1, state, "a read after the answer");
        }
        store.clear().await.unwrap();
        assert_eq!(plain.get("k07").await.unwrap(), None, "a read after the answer");
    }
    done.store(true, Ordering::Relaxed);
    readers.join_all().await;
}

/// What the writers and the clears of a claim say to each other.
#[derive(Default)]
struct Progress {
    acknowledged: AtomicU32,
    clears_begun: AtomicU32,
    clears_answered: AtomicU32,
    done: AtomicBool,
}

impl Progress {
    /// Waits for the next hundred acknowledged writes.
    async fn some_writes(&self) {
        let before = self.acknowledged.load(Ordering::SeqCst);
        while self.acknowledged.load(Ordering::SeqCst) < before + 100 {
            tokio::task::yield_now().await;
        }
    }
}

/// An acknowledged write.
struct Written {
    key: String,
    /// The clears that were answered before the write was submitted.
    answered_before: u32,
    /// The clears that had begun when the write was acknowledged.
    begun_after: u32,
}

async fn write(store: SharedBackend, progress: Arc<Progress>, writer: u32) -> Vec<Written> {
    let mut written = Vec::new();
    let mut number = 0;
    while !progress.done.load(Ordering::SeqCst) {
        let answered_before = progress.clears_answered.load(Ordering::SeqCst);
        let key = format!("{writer:02}-{number}");
        match store.insert(&key, fields(&[("owner", "own"), ("made_at", &key)]), "c").await {
            Ok(outcome) => {
                assert_eq!(outcome, Insert::Inserted(1));
                let begun_after = progress.clears_begun.load(Ordering::SeqCst);
                written.push(Written { key, answered_before, begun_after });
                progress.acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            Err(Error::Throttled { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        number += 1;
        tokio::task::yield_now().await;
    }
    written
}

pub async fn a_write_after_a_clear_stays_and_one_before_it_does_not(store: &SharedContents) {
    let (plain, progress) = (backend(store), Arc::new(Progress::default()));
    let mut writers = JoinSet::new();
    for writer in 0..64 {
        writers.spawn(write(Arc::clone(&plain), Arc::clone(&progress), writer));
    }
    // Writes are acknowledged before, between and after the clears.
    for _ in 0..12 {
        progress.some_writes().await;
        progress.clears_begun.fetch_add(1, Ordering::SeqCst);
        store.clear().await.unwrap();
        progress.clears_answered.fetch_add(1, Ordering::SeqCst);
    }
    progress.some_writes().await;
    progress.done.store(true, Ordering::SeqCst);
    let written = writers.join_all().await.into_iter().flatten().collect::<Vec<_>>();
    let found = store.items().await.unwrap().into_iter().map(|item| item.key).collect::<BTreeSet<_>>();
    for Written { key, answered_before, begun_after } in &written {
        // A write that was acknowledged before the last clear began is gone.
        assert!(*begun_after == 12 || !found.contains(key), "{key} leaked");
        // A write that was submitted after the last clear was answered is there.
        assert!(*answered_before < 12 || found.contains(key), "{key} was lost");
    }
    assert!(!found.is_empty() && found.len() < written.len());
    let listed = listed(&plain, "own", 100).await;
    assert_eq!(listed.into_iter().map(|item| item.key).collect::<BTreeSet<_>>(), found);
}

pub async fn a_closed_store_saves_and_restores_nothing(store: &SharedContents) {
    fill(store, 2).await;
    store.save(&name("s")).await.unwrap();
    Backend::close(&**store).await;
    let closed = |error: ContentsError| matches!(error, ContentsError::Store(Error::Unavailable(_)));
    assert!(closed(store.clear().await.unwrap_err()));
    assert!(closed(store.save(&name("t")).await.unwrap_err()));
    assert!(closed(store.restore(&name("s")).await.unwrap_err()));
    assert!(closed(store.remove(&name("s")).await.unwrap_err()));
    assert!(closed(store.snapshots().await.unwrap_err()));
    assert!(closed(store.items().await.unwrap_err()));
    assert!(closed(store.is_empty().await.unwrap_err()));
    assert!(closed(store.copy(None).await.unwrap_err()));
}
