//! Claims about `update`.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{SharedBackend, append, change, fields, get, ids, insert, note, set, update};
use crate::backend::{Change, Entry, FIELDS_LIMIT, ITEM_LIMIT_BYTES, Update};

pub async fn an_update_of_nothing_is_missing(store: &SharedBackend) {
    let all = Change { at_version: Some(1), unless: fields(&[("f", "v")]), ..note("n", "text") };
    assert_eq!(store.update("absent", all).await.unwrap(), Update::Missing);
    assert_eq!(store.get("absent").await.unwrap(), None);
}

pub async fn set_keeps_the_other_fields_sorted(store: &SharedBackend) {
    let first = insert(store, "set", &[("b", "1"), ("d", "1")]).await;
    let second = update(store, "set", set("one", &[("d", "2"), ("a", "2"), ("c", "")])).await;
    let third = update(store, "set", set("two", &[("e", "3"), ("a", "3")])).await;
    assert!(first != second && second != third && first != third, "a version came twice");
    let item = get(store, "set").await;
    assert_eq!(item.version, third);
    assert_eq!(*item.fields, fields(&[("a", "3"), ("b", "1"), ("c", ""), ("d", "2"), ("e", "3")]));
}

pub async fn a_stale_change_brings_the_item(store: &SharedBackend) {
    let old = insert(store, "stale", &[("f", "1")]).await;
    let new = update(store, "stale", set("one", &[("f", "2")])).await;
    let at = |id: &str, version| Change { at_version: Some(version), ..set(id, &[("f", "3")]) };
    let before = get(store, "stale").await;
    assert_eq!(store.update("stale", at("two", old)).await.unwrap(), Update::Stale(before.clone()));
    assert_eq!(store.update("stale", at("two", new + 1)).await.unwrap(), Update::Stale(before.clone()));
    assert_eq!(get(store, "stale").await, before);
    update(store, "stale", at("two", new)).await;
    assert_eq!(*get(store, "stale").await.fields, fields(&[("f", "3")]));
}

pub async fn a_repeated_change_is_done_once(store: &SharedBackend) {
    let old = insert(store, "repeat", &[("f", "1"), ("g", "1")]).await;
    let at_old = Change { at_version: Some(old), ..set("one", &[("f", "2")]) };
    let version = update(store, "repeat", at_old.clone()).await;
    let before = get(store, "repeat").await;
    // Also where the version is no longer the one that was asked for, and where `unless` holds now.
    let repeats = [at_old.clone(), Change { unless: fields(&[("f", "2")]), ..at_old.clone() }];
    for repeat in repeats {
        assert_eq!(update(store, "repeat", repeat).await, version);
    }
    assert_eq!(get(store, "repeat").await, before);

    update(store, "repeat", set("two", &[("g", "2")])).await;
    let after = get(store, "repeat").await;
    assert_eq!(
        store.update("repeat", at_old).await.unwrap(),
        Update::Stale(after),
        "only the last id is kept"
    );
}

pub async fn unless_refuses(store: &SharedBackend) {
    insert(store, "unless", &[("state", "shut"), ("f", "")]).await;
    let before = get(store, "unless").await;
    let guarded = |unless: &[(&str, &str)]| Change { unless: fields(unless), ..set("c", &[("f", "set")]) };
    for unless in [&[("state", "shut")][..], &[("a", "b"), ("state", "shut")], &[("f", "")]] {
        assert_eq!(store.update("unless", guarded(unless)).await.unwrap(), Update::Refused(before.clone()));
    }
    assert_eq!(get(store, "unless").await, before);
    // Another value, and a field that the item does not have, forbid nothing.
    update(store, "unless", guarded(&[("state", "open"), ("none", ""), ("f", "f")])).await;
}

pub async fn unless_above_refuses_greater_values_only(store: &SharedBackend) {
    insert(store, "above", &[("at", "2026-05"), ("empty", "")]).await;
    let before = get(store, "above").await;
    let guarded = |id: &str, above: &[(&str, &str)]| Change {
        unless_above: fields(above),
        ..set(id, &[("at", "2026-07")])
    };
    for above in [
        &[("at", "2026-04")][..],
        &[("at", "2026-0")],
        &[("at", "")],
        &[("at", "2026-06"), ("at", "2026-04-30")],
    ] {
        let outcome = store.update("above", guarded("refused", above)).await.unwrap();
        assert_eq!(outcome, Update::Refused(before.clone()), "{above:?}");
    }
    assert_eq!(get(store, "above").await, before);
    // The same value, a greater one, and a field that the item does not have, forbid nothing.
    update(store, "above", guarded("equal", &[("at", "2026-05"), ("empty", ""), ("none", "")])).await;
    update(store, "above", guarded("less", &[("at", "2026-08")])).await;
    // Compared are bytes, not letters or numbers: "Z" is before "a", and "ü" after both.
    update(store, "above", set("bytes", &[("at", "a"), ("umlaut", "ü")])).await;
    let before = get(store, "above").await;
    for above in [("at", "Z"), ("umlaut", "z")] {
        let outcome = store.update("above", guarded("letters", &[above])).await.unwrap();
        assert_eq!(outcome, Update::Refused(before.clone()), "{above:?}");
    }
    // With an append, as a component uses it.
    let append = Change { unless_above: fields(&[("at", "Z")]), ..note("n", "text") };
    assert_eq!(store.update("above", append.clone()).await.unwrap(), Update::Refused(before));
    update(store, "above", Change { unless_above: fields(&[("at", "b")]), ..append }).await;
}

/// Makes several outcomes hold at once and takes the reasons away, one by one.
pub async fn of_several_outcomes_the_first_is_given(store: &SharedBackend) {
    let old = insert(store, "order", &[("state", "shut")]).await;
    update(store, "order", append("known", "notes", "text", 1)).await;
    update(store, "order", set("last", &[("f", "1")])).await;
    let item = get(store, "order").await;
    let all = Change {
        id: "last".to_owned(),
        at_version: Some(old),
        unless: fields(&[("state", "shut")]),
        ..append("known", "notes", "other text", 1)
    };
    assert_eq!(store.update("no order", all.clone()).await.unwrap(), Update::Missing);

    let known = Entry { id: "known".to_owned(), fields: fields(&[("text", "text")]).into() };
    assert_eq!(store.update("order", all.clone()).await.unwrap(), Update::Duplicate(known));
    let mut next = Change { append: note("new", "text").append, ..all };
    if let Some(append) = &mut next.append {
        append.max_entries = 1;
    }
    assert_eq!(store.update("order", next.clone()).await.unwrap(), Update::Updated(item.version));
    "new".clone_into(&mut next.id);
    assert_eq!(store.update("order", next.clone()).await.unwrap(), Update::Stale(item.clone()));
    next.at_version = Some(item.version);
    assert_eq!(store.update("order", next.clone()).await.unwrap(), Update::Refused(item.clone()));
    next.unless = Vec::new();
    assert_eq!(store.update("order", next.clone()).await.unwrap(), Update::Full);
    assert_eq!(get(store, "order").await, item, "an outcome that stores nothing stored something");
}

pub async fn a_set_past_the_bytes_of_an_item_is_full(store: &SharedBackend) {
    let half = "x".repeat(ITEM_LIMIT_BYTES / 2);
    insert(store, "swell", &[("a", &half), ("state", "shut")]).await;
    update(store, "swell", note("n", "text")).await;
    let before = get(store, "swell").await;
    let swelling = set("one", &[("b", &half)]);
    assert_eq!(store.update("swell", swelling.clone()).await.unwrap(), Update::Full);
    let refused = Change { unless: fields(&[("state", "shut")]), ..swelling };
    assert_eq!(store.update("swell", refused).await.unwrap(), Update::Refused(before.clone()));
    assert_eq!(get(store, "swell").await, before);
    update(store, "swell", set("two", &[("a", "")])).await;
    update(store, "swell", set("three", &[("b", &half)])).await;
}

pub async fn a_set_past_the_last_byte_of_an_item_is_full(store: &SharedBackend) {
    let value = "x".repeat(ITEM_LIMIT_BYTES / 2);
    insert(store, "grow", &[("a", &value)]).await;
    update(store, "grow", note("n", "text")).await;
    let before = get(store, "grow").await;
    assert_eq!(store.update("grow", set("one", &[("b", &value)])).await.unwrap(), Update::Full);
    assert_eq!(get(store, "grow").await, before);
    // A value that replaces another counts for the difference, up to the last byte.
    let room = ITEM_LIMIT_BYTES - before.size() + value.len();
    let (fits, passes) = ("y".repeat(room), "y".repeat(room + 1));
    assert_eq!(store.update("grow", set("two", &[("a", &passes)])).await.unwrap(), Update::Full);
    update(store, "grow", set("three", &[("a", &fits)])).await;
    assert_eq!(get(store, "grow").await.size(), ITEM_LIMIT_BYTES);
    update(store, "grow", set("four", &[("a", "")])).await;
    update(store, "grow", note("m", "more")).await;
    assert_eq!(ids(&get(store, "grow").await, "notes"), ["n", "m"]);
}

pub async fn a_set_past_the_fields_of_an_item_is_full(store: &SharedBackend) {
    let names: Vec<_> = (0..FIELDS_LIMIT).map(|number| format!("f{number:02}")).collect();
    let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
    insert(store, "wide", &pairs).await;
    let before = get(store, "wide").await;
    assert_eq!(store.update("wide", set("one", &[("another", "x")])).await.unwrap(), Update::Full);
    assert_eq!(get(store, "wide").await, before);
    update(store, "wide", set("two", &[("f00", "y")])).await;
}

pub async fn racing_changes_at_one_version_are_done_once(store: &SharedBackend) {
    let version = insert(store, "swap", &[]).await;
    let mut writers = JoinSet::new();
    for writer in 0..32 {
        let store = Arc::clone(store);
        let id = format!("w{writer}");
        let swap = Change { at_version: Some(version), ..set(&id, &[("by", &id)]) };
        writers.spawn(async move { (id, store.update("swap", swap).await.unwrap()) });
    }
    let mut winners = Vec::new();
    while let Some(answer) = writers.join_next().await {
        let (id, outcome) = answer.unwrap();
        if let Update::Stale(item) = outcome {
            assert_ne!(item.version, version);
        } else {
            assert!(matches!(outcome, Update::Updated(_)), "{id}: {outcome:?}");
            winners.push(id);
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(*get(store, "swap").await.fields, fields(&[("by", &winners[0])]));
}

pub async fn every_answered_write_is_read(store: &SharedBackend) {
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let store = Arc::clone(store);
        writers.spawn(async move {
            let key = format!("own {writer}");
            insert(&store, &key, &[("n", "0")]).await;
            for step in 1..20_u32 {
                let value = step.to_string();
                let entry = append(&value, "notes", "text", 100);
                let version = update(&store, &key, Change { set: fields(&[("n", &value)]), ..entry }).await;
                let item = get(&store, &key).await;
                assert_eq!((item.version, &*item.fields), (version, &fields(&[("n", &value)])));
                assert_eq!(ids(&item, "notes").len(), step as usize);
            }
            update(&store, &key, change("nothing to do")).await;
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
}
