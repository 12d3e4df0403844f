//! Claims about `query`. They expect an index that does not lag.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{SharedBackend, change, fields, get, insert, keys, listed, note, page, set, update};
use crate::backend::{Change, Error, Position, Query, Summary};

pub async fn pages_follow_the_order(store: &SharedBackend) {
    // Many ties; order values compare as bytes, not as numbers or words.
    let orders = ["2", "10", "1", "a", "B", "\u{e9}", "z"];
    let mut expected = Vec::new();
    for (number, order) in orders.iter().cycle().take(70).enumerate() {
        let key = format!("ordered {number}");
        insert(store, &key, &[("owner", "ordered"), ("made_at", order)]).await;
        expected.push((*order).to_owned());
    }
    insert(store, "not ordered", &[("owner", "ordered2"), ("made_at", "2")]).await;
    expected.sort();
    expected.reverse();
    let whole = listed(store, "ordered", 100).await;
    let order = |item: &Summary| item.fields[0].1.clone();
    assert_eq!(whole.iter().map(order).collect::<Vec<_>>(), expected);
    let mut all = keys(&whole);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 70, "an item is shown twice");
    for limit in [1, 3, 10, 69, 70, 71] {
        assert_eq!(listed(store, "ordered", limit).await, whole, "in pages of {limit}");
    }
}

pub async fn ties_follow_their_keys(store: &SharedBackend) {
    // Many ties; order values and keys compare as bytes, not as numbers or words.
    let orders = ["2", "10", "1", "a", "B", "\u{e9}", "z"];
    let mut expected = Vec::new();
    for (number, order) in orders.iter().cycle().take(70).enumerate() {
        let key = format!("sorted {number}");
        insert(store, &key, &[("owner", "sorted"), ("made_at", order)]).await;
        expected.push((*order, key));
    }
    insert(store, "not sorted", &[("owner", "sorted2"), ("made_at", "2")]).await;
    expected.sort();
    expected.reverse();
    let expected = expected.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>();
    for limit in [1, 3, 10, 69, 70, 71, 100] {
        assert_eq!(keys(&listed(store, "sorted", limit).await), expected, "in pages of {limit}");
    }
}

pub async fn positions_need_no_item(store: &SharedBackend) {
    for (key, order) in [("at a", "1"), ("at c", "3"), ("at e", "3"), ("at g", "5")] {
        insert(store, key, &[("owner", "at"), ("made_at", order)]).await;
    }
    let behind = async |order: &str, key: &str| {
        let position = Position { order: order.to_owned(), key: key.to_owned() };
        let page = page(store, "at", 10, Some(position)).await;
        assert_eq!(page.next, None);
        page.items.into_iter().map(|item| item.key).collect::<Vec<_>>()
    };
    assert_eq!(behind("9", "").await, ["at g", "at e", "at c", "at a"]);
    assert_eq!(behind("4", "zz").await, ["at e", "at c", "at a"]);
    assert_eq!(behind("3", "at d").await, ["at c", "at a"]);
    assert_eq!(behind("3", "at c").await, ["at a"]);
    assert!(behind("1", "at a").await.is_empty());
    assert!(behind("", "").await.is_empty());
}

pub async fn an_empty_page_and_an_unknown_index(store: &SharedBackend) {
    let page = page(store, "nobody", 10, None).await;
    assert!(page.items.is_empty() && page.next.is_none());
    let query = Query { index: "by owner".to_owned(), value: "nobody".to_owned(), limit: 1, after: None };
    assert!(matches!(store.query(query).await, Err(Error::Invalid(_))));
}

pub async fn an_item_without_an_index_field_is_not_listed(store: &SharedBackend) {
    insert(store, "no order", &[("owner", "lacking")]).await;
    insert(store, "no owner", &[("made_at", "1")]).await;
    insert(store, "both", &[("made_at", "1"), ("owner", "lacking")]).await;
    assert_eq!(keys(&listed(store, "lacking", 10).await), ["both"]);
    update(store, "no order", set("now", &[("made_at", "2")])).await;
    assert_eq!(keys(&listed(store, "lacking", 10).await), ["no order", "both"]);
}

pub async fn an_item_moves_when_its_index_field_is_set(store: &SharedBackend) {
    insert(store, "mover", &[("owner", "here"), ("made_at", "1"), ("state", "s1")]).await;
    update(store, "mover", set("move", &[("owner", "there"), ("made_at", "2")])).await;
    assert!(listed(store, "here", 10).await.is_empty());
    let there = listed(store, "there", 10).await;
    assert_eq!(keys(&there), ["mover"]);
    assert_eq!(*there[0].fields, fields(&[("made_at", "2"), ("owner", "there"), ("state", "s1")]));
    let query = Query { index: "ByState".to_owned(), value: "s1".to_owned(), limit: 1, after: None };
    assert_eq!(store.query(query).await.unwrap().items, there);
}

pub async fn summaries_count_entries(store: &SharedBackend) {
    insert(store, "counted", &[("owner", "counted"), ("made_at", "1")]).await;
    assert!(listed(store, "counted", 1).await[0].counts.is_empty());
    for id in ["1", "2", "3"] {
        update(store, "counted", note(id, "text")).await;
    }
    update(store, "counted", super::append("1", "links", "text", 10)).await;
    let summary = listed(store, "counted", 1).await.remove(0);
    assert_eq!(summary.counts, [("links".to_owned(), 1), ("notes".to_owned(), 3)]);
    let item = get(store, "counted").await;
    assert_eq!((summary.key, summary.version, summary.fields), (item.key, item.version, item.fields));
}

pub async fn any_value_can_be_listed(store: &SharedBackend) {
    let long = "o".repeat(1024);
    let values = [
        "it's",
        "\"",
        "\\",
        "%",
        "_",
        "a%",
        "\u{e9}\u{1F600}",
        "a\0b",
        "a\0c",
        "a",
        "A",
        " ",
        "1",
        "1.0",
        "null",
        &long,
    ];
    for value in values {
        for number in ["1", "2"] {
            let key = format!("{number}{}", &value[..value.len().min(100)]);
            insert(store, &key, &[("owner", value), ("made_at", value)]).await;
        }
    }
    for value in values {
        let items = listed(store, value, 1).await;
        assert_eq!(items.len(), 2, "owner {value:?}");
        let own = |item: &Summary| *item.fields == fields(&[("owner", value), ("made_at", value)]);
        assert!(items.iter().all(own), "owner {value:?}");
    }
}

/// Newer items than any old one come in at the head while a reader pages, and old ones change.
pub async fn paging_while_others_insert_shows_each_old_item_once(store: &SharedBackend) {
    let old = (0..60).map(|number| format!("old {number:02}")).collect::<Vec<_>>();
    for key in &old {
        insert(store, key, &[("owner", "busy"), ("made_at", &key[..5])]).await;
    }
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let (store, old) = (Arc::clone(store), old.clone());
        writers.spawn(async move {
            for number in 0..25 {
                let key = format!("young {writer} {number}");
                insert(&store, &key, &[("owner", "busy"), ("made_at", "young")]).await;
                update(&store, &old[number * 2], Change { set: fields(&[("f", &key)]), ..change(&key) })
                    .await;
            }
        });
    }
    for _ in 0..5 {
        let mut shown = keys(&listed(store, "busy", 7).await)
            .into_iter()
            .filter(|key| key.starts_with("old"))
            .map(str::to_owned)
            .collect::<Vec<_>>();
        shown.reverse();
        assert_eq!(shown, old);
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    assert_eq!(listed(store, "busy", 100).await.len(), 160);
}
