//! Claims about `insert` and `get`.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{SharedBackend, fields, get, insert, note, set, update};
use crate::backend::{Error, ITEM_LIMIT_BYTES, Insert};

pub async fn of_racing_inserts_exactly_one_is_inserted(store: &SharedBackend) {
    let mut writers = JoinSet::new();
    for writer in 0..64 {
        let store = Arc::clone(store);
        writers.spawn(async move {
            let id = writer.to_string();
            (id.clone(), store.insert("race", fields(&[("by", &id)]), &id).await.unwrap())
        });
    }
    let mut winners = Vec::new();
    let mut seen = Vec::new();
    while let Some(answer) = writers.join_next().await {
        match answer.unwrap() {
            (id, Insert::Inserted(_)) => winners.push(id),
            (_, Insert::Exists(item)) => seen.push(item),
            (id, Insert::Repeated(_)) => panic!("{id} was sent once"),
        }
    }
    assert_eq!(winners.len(), 1);
    let item = get(store, "race").await;
    assert_eq!(*item.fields, fields(&[("by", &winners[0])]));
    assert!(seen.iter().all(|other| *other == item), "a loser was shown another item than the winner's");
}

pub async fn a_repeated_insert_is_told_by_its_change_id(store: &SharedBackend) {
    let first = insert(store, "again", &[("owner", "a")]).await;
    let repeat = async || store.insert("again", fields(&[("owner", "a")]), "insert again").await.unwrap();
    let Insert::Repeated(item) = repeat().await else { panic!("not repeated") };
    assert_eq!(item.version, first);

    let version = update(store, "again", set("u", &[("owner", "b")])).await;
    update(store, "again", note("n", "text")).await;
    assert_ne!(version, first);
    let Insert::Repeated(item) = repeat().await else { panic!("not repeated after updates") };
    assert_eq!(item, get(store, "again").await);
    assert_eq!(*item.fields, fields(&[("owner", "b")]));
    assert_eq!(item.lists.len(), 1);

    let other = store.insert("again", fields(&[("owner", "a")]), "another").await.unwrap();
    assert_eq!(other, Insert::Exists(item.clone()));
    assert_eq!(get(store, "again").await, item, "a lost insert changed the item");
}

pub async fn an_item_comes_back_as_it_was_given(store: &SharedBackend) {
    assert_eq!(store.get("nothing").await.unwrap(), None);
    let long = "é\u{1F600}".repeat(20_000);
    let given =
        [("a", "1"), ("Z", ""), ("quo\"te", "it's \"so\" \\ %_"), ("\u{e9}", "\0\n\u{7f}"), ("long", &long)];
    for key in ["plain", "it's", "\"", "\\", "%", "_", "k\u{e9}y \u{1F600}", "PLAIN", "a\0b", "a\0c", "a"] {
        insert(store, key, &given).await;
        let item = get(store, key).await;
        assert_eq!((item.key.as_str(), &*item.fields), (key, &fields(&given)));
        assert!(item.lists.is_empty());
    }
}

pub async fn an_insert_that_is_too_large_stores_nothing(store: &SharedBackend) {
    // What a store keeps beside an item may count too; more than the item itself never does.
    let (larger, fits) = ("x".repeat(ITEM_LIMIT_BYTES), "x".repeat(ITEM_LIMIT_BYTES * 15 / 16));
    assert_eq!(store.insert("heavy", fields(&[("f", &larger)]), "c").await, Err(Error::TooLarge));
    assert_eq!(store.get("heavy").await.unwrap(), None);
    insert(store, "heavy", &[("f", &fits)]).await;
    assert_eq!(*get(store, "heavy").await.fields, fields(&[("f", &fits)]));
}

pub async fn an_insert_past_the_last_byte_stores_nothing(store: &SharedBackend) {
    // The key and the field's name count too.
    let value = "x".repeat(ITEM_LIMIT_BYTES - "large".len() - "f".len());
    let larger = format!("{value}x");
    let refused = store.insert("large", fields(&[("f", &larger)]), "c").await;
    assert_eq!(refused, Err(Error::TooLarge));
    assert_eq!(store.get("large").await.unwrap(), None);
    insert(store, "large", &[("f", &value)]).await;
    assert_eq!(get(store, "large").await.size(), ITEM_LIMIT_BYTES);
}
