//! Claims about closing a store, and about what is there after it. They take a closure that opens the store.

use super::{Store, fields, insert, note};
use crate::backend::{Error, Query};

pub(crate) async fn a_closed_store_is_unavailable(open: impl AsyncFn() -> Store) {
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
