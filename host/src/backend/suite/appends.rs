//! Claims about `update` with an entry to append.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{SharedBackend, append, fields, get, ids, insert, note, set, update};
use crate::backend::{Change, ITEM_LIMIT_BYTES, ITEM_RESERVE_BYTES, Update};

/// Each of 64 writers appends 8 entries one after the other, each sent three times at once, as a client does that
/// gave up waiting.
pub async fn racing_repeats_of_an_append_store_it_once(store: &SharedBackend) {
    insert(store, "once", &[]).await;
    let mut writers = JoinSet::new();
    for writer in 0..64 {
        let store = Arc::clone(store);
        writers.spawn(async move {
            for entry in 0..8 {
                append_thrice(&store, &format!("{writer}-{entry}")).await;
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let stored = ids(&get(store, "once").await, "notes");
    assert_eq!(stored.len(), 64 * 8, "an entry is missing or doubled");
    for writer in 0..64 {
        let prefix = format!("{writer}-");
        let own = stored.iter().filter(|id| id.starts_with(&prefix)).cloned().collect::<Vec<_>>();
        let sent = (0..8).map(|entry| format!("{writer}-{entry}")).collect::<Vec<_>>();
        assert_eq!(own, sent, "the entries of a writer are not in the order of their answers");
    }
}

async fn append_thrice(store: &SharedBackend, id: &str) {
    let mut repeats = JoinSet::new();
    for _ in 0..3 {
        let (store, id) = (Arc::clone(store), id.to_owned());
        repeats.spawn(async move { store.update("once", note(&id, &id)).await.unwrap() });
    }
    let mut stored = 0;
    while let Some(outcome) = repeats.join_next().await {
        let outcome = outcome.unwrap();
        if let Update::Duplicate(entry) = outcome {
            assert_eq!(*entry.fields, fields(&[("text", id)]));
        } else {
            assert!(matches!(outcome, Update::Updated(_)), "{id}: {outcome:?}");
            stored += 1;
        }
    }
    assert_eq!(stored, 1, "{id} was stored {stored} times");
}

pub async fn appends_of_racing_writers_are_all_kept(store: &SharedBackend) {
    insert(store, "all", &[("owner", "all")]).await;
    let mut writers = JoinSet::new();
    for writer in 0..100 {
        let store = Arc::clone(store);
        writers.spawn(async move { update(&store, "all", note(&format!("w{writer:02}"), "text")).await });
    }
    let mut versions = Vec::new();
    while let Some(version) = writers.join_next().await {
        versions.push(version.unwrap());
    }
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), 100, "two updates gave the same version");
    let mut stored = ids(&get(store, "all").await, "notes");
    stored.sort();
    assert_eq!(stored, (0..100).map(|writer| format!("w{writer:02}")).collect::<Vec<_>>());
}

pub async fn entries_come_back_as_they_were_given(store: &SharedBackend) {
    insert(store, "entries", &[]).await;
    let text = "it's \"so\" \\ \u{1F600}\0%_";
    // Neither the order of ids nor that of texts is the order of appends.
    for id in ["b", "a", "\"", "\u{1F600}", "c\0d", "c\0e", "B"] {
        update(store, "entries", note(id, text)).await;
    }
    let item = get(store, "entries").await;
    assert_eq!(ids(&item, "notes"), ["b", "a", "\"", "\u{1F600}", "c\0d", "c\0e", "B"]);
    assert!(item.lists[0].1.iter().all(|entry| *entry.fields == fields(&[("text", text)])));
}

pub async fn lists_are_apart(store: &SharedBackend) {
    insert(store, "apart", &[]).await;
    insert(store, "apart too", &[]).await;
    for (key, list) in [("apart", "notes"), ("apart", "links"), ("apart too", "notes")] {
        update(store, key, Change { id: list.to_owned(), ..append("same", list, list, 1) }).await;
    }
    let item = get(store, "apart").await;
    assert_eq!(item.lists.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["links", "notes"]);
    assert_eq!(
        (ids(&item, "links"), ids(&item, "notes")),
        (vec!["same".to_owned()], vec!["same".to_owned()])
    );
    assert!(ids(&get(store, "apart too").await, "links").is_empty());
}

pub async fn an_append_past_the_limit_of_its_list_is_full(store: &SharedBackend) {
    insert(store, "bound", &[("f", "old")]).await;
    update(store, "bound", append("one", "notes", "text", 2)).await;
    update(store, "bound", append("two", "notes", "text", 2)).await;
    let before = get(store, "bound").await;
    let mut third = append("three", "notes", "text", 2);
    third.set = fields(&[("f", "new")]);
    assert_eq!(store.update("bound", third).await.unwrap(), Update::Full);
    assert_eq!(get(store, "bound").await, before, "a change that did not fit was stored in part");
    // The limit is that of the call, and that of one list.
    update(store, "bound", append("three", "notes", "text", 3)).await;
    update(store, "bound", append("one", "links", "text", 1)).await;
}

/// A store may need bytes of its own beside an item's, but not more than an eighth of them for large entries.
pub async fn an_append_past_the_bytes_of_an_item_is_full(store: &SharedBackend) {
    insert(store, "heavy", &[]).await;
    let text = "x".repeat(ITEM_LIMIT_BYTES / 16);
    let mut stored = Vec::new();
    let outcome = loop {
        let id = format!("e{}", stored.len());
        let outcome = store.update("heavy", note(&id, &text)).await.unwrap();
        if !matches!(outcome, Update::Updated(_)) {
            break outcome;
        }
        stored.push(id);
    };
    assert_eq!(outcome, Update::Full);
    assert!((14..16).contains(&stored.len()), "{} sixteenths fit", stored.len());
    let before = get(store, "heavy").await;
    assert_eq!(ids(&before, "notes"), stored);
    // Larger than any item, alone; and the earlier reasons still come first.
    let huge = "x".repeat(ITEM_LIMIT_BYTES + 1);
    assert_eq!(store.update("heavy", note("huge", &huge)).await.unwrap(), Update::Full);
    assert_eq!(store.update("no heavy", note("huge", &huge)).await.unwrap(), Update::Missing);
    let known = store.update("heavy", note("e0", &huge)).await.unwrap();
    assert!(matches!(known, Update::Duplicate(entry) if *entry.fields == fields(&[("text", &text)])));
    assert_eq!(get(store, "heavy").await, before);
    update(store, "heavy", note("small", "text")).await;
}

pub async fn an_append_past_the_last_byte_of_an_item_is_full(store: &SharedBackend) {
    insert(store, "bytes", &[]).await;
    let used = "bytes".len() + "notes".len() + "e".len() + "text".len();
    let most = ITEM_LIMIT_BYTES - ITEM_RESERVE_BYTES;
    let text = "x".repeat(most - used - 10);
    update(store, "bytes", note("e", &text)).await;
    let before = get(store, "bytes").await;
    assert_eq!(before.size(), most - 10);

    let refused = store.update("bytes", note("f", "123456")).await.unwrap();
    assert_eq!(refused, Update::Full, "id, name and text are 11 bytes");
    let refused = store.update("bytes", append("f", "links", "", 10)).await.unwrap();
    assert_eq!(refused, Update::Updated(before.version + 1), "list name, id and name are 10 bytes");
    assert_eq!(get(store, "bytes").await.size(), most);
    assert_eq!(store.update("bytes", note("g", "")).await.unwrap(), Update::Full);
    assert_eq!(ids(&get(store, "bytes").await, "notes"), ["e"]);
    update(store, "bytes", set("s", &[("state", "the fields of a full item change all the same")])).await;
}
