//! Claims about closing a store, and about what is there after it. They take a closure that opens the store.

use super::{SharedBackend, fields, get, ids, insert, listed, note, set, update};
use crate::backend::{Error, Insert, Query, Update};

pub async fn what_was_answered_is_there_again(open: impl AsyncFn() -> SharedBackend) {
    let store = open().await;
    for number in 0..20 {
        let key = format!("kept {number:02}");
        insert(&store, &key, &[("owner", "kept"), ("made_at", &key)]).await;
        update(&store, &key, note("a", "text")).await;
    }
    let version = update(&store, "kept 00", set("last", &[("f", "new")])).await;
    let (item, list) = (get(&store, "kept 00").await, listed(&store, "kept", 7).await);
    store.close().await;
    drop(store);

    let store = open().await;
    assert_eq!(get(&store, "kept 00").await, item);
    assert_eq!(listed(&store, "kept", 7).await, list);
    // What makes writes repeatable is kept as well.
    assert_eq!(update(&store, "kept 00", set("last", &[("f", "new")])).await, version);
    let repeated = store.insert("kept 00", fields(&[]), "insert kept 00").await.unwrap();
    assert_eq!(repeated, Insert::Repeated(item));
    let duplicate = store.update("kept 00", note("a", "other")).await.unwrap();
    assert!(matches!(duplicate, Update::Duplicate(_)));
    update(&store, "kept 00", note("b", "text")).await;
    assert_eq!(ids(&get(&store, "kept 00").await, "notes"), ["a", "b"]);
    store.close().await;
}

pub async fn a_closed_store_is_unavailable(open: impl AsyncFn() -> SharedBackend) {
    let store = open().await;
    insert(&store, "closed", &[]).await;
    store.check().await.unwrap();
    store.close().await;
    store.close().await;
    let query = Query { index: "ByOwner".to_owned(), value: "a".to_owned(), limit: 1, after: None };
    assert!(matches!(store.get("closed").await, Err(Error::Unavailable(_))));
    assert!(matches!(store.insert("more", fields(&[]), "c").await, Err(Error::Unavailable(_))));
    assert!(matches!(store.update("closed", note("n", "")).await, Err(Error::Unavailable(_))));
    assert!(matches!(store.query(query).await, Err(Error::Unavailable(_))));
    assert!(matches!(store.check().await, Err(Error::Unavailable(_))));
}
