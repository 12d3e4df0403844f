//! Claims about calls that break a limit, for stores that hold the limits themselves: components.

use super::{INVALID_CURSOR, SharedBackend, append, change, fields, get, insert, note, set, update};
use crate::backend::{Append, Change, Entry, Error, Fields, Insert, Query};

pub async fn a_key_that_breaks_a_limit_is_invalid(store: &SharedBackend) {
    for key in [String::new(), "x".repeat(129), "\u{e9}".repeat(65)] {
        assert_invalid(store.get(&key).await, &key);
        assert_invalid(store.insert(&key, fields(&[]), "c").await, &key);
        assert_invalid(store.update(&key, note("n", "text")).await, &key);
    }
}

pub async fn an_insert_that_breaks_a_limit_is_invalid(store: &SharedBackend) {
    for change_id in [String::new(), "x".repeat(65)] {
        assert_invalid(store.insert("limited", fields(&[]), &change_id).await, &change_id);
    }
    for fields in bad_fields() {
        let what = format!("{fields:?}");
        assert_invalid(store.insert("limited", fields, "c").await, &what);
    }
    assert_eq!(store.get("limited").await, Ok(None));
}

pub async fn a_change_that_breaks_a_limit_is_invalid(store: &SharedBackend) {
    insert(store, "guarded", &[("f", "1")]).await;
    let before = get(store, "guarded").await;
    let mut changes = vec![
        set("", &[("f", "2")]),
        set(&"x".repeat(65), &[("f", "2")]),
        // The limits of an entry and of its list.
        append("e", "others", "text", 10),
        append("e", "notes", "text", 0),
        append("e", "notes", "text", 10_001),
        entry("", fields(&[])),
        entry(&"x".repeat(129), fields(&[])),
        entry("e", fields(&[("note_id", "e")])),
        entry("e", twice()),
        entry("e", many(65)),
        entry("e", fields(&[("portdesk_x", "text")])),
        Change { unless: many(65), ..set("c", &[("f", "2")]) },
        Change { unless: fields(&[("", "text")]), ..set("c", &[("f", "2")]) },
        Change { unless_above: many(65), ..set("c", &[("f", "2")]) },
        Change { unless_above: fields(&[("", "text")]), ..set("c", &[("f", "2")]) },
    ];
    changes.extend(bad_fields().into_iter().map(|set| Change { set, ..change("c") }));
    for change in changes {
        let what = format!("{change:?}");
        assert_invalid(store.update("guarded", change).await, &what);
    }
    assert_eq!(get(store, "guarded").await, before);
}

pub async fn a_query_that_breaks_a_limit_is_invalid(store: &SharedBackend) {
    let long = "x".repeat(1_025);
    for (index, value, limit) in [
        ("ByOwner", "", 1),
        ("ByOwner", long.as_str(), 1),
        ("ByOwner", "ada", 0),
        ("ByOwner", "ada", 101),
        ("ByNothing", "ada", 1),
        ("", "ada", 1),
    ] {
        let query = Query { index: index.to_owned(), value: value.to_owned(), limit, after: None };
        assert_invalid(store.query(query).await, &format!("{index} {value:.10} {limit}"));
    }
}

pub async fn what_is_at_a_limit_is_taken(store: &SharedBackend) {
    let (key, id) = ("\u{e9}".repeat(64), "x".repeat(64));
    let mut all = many(63);
    all.push(("owner".to_owned(), "x".repeat(1_024)));
    assert_eq!(store.insert(&key, all, &id).await, Ok(Insert::Inserted(1)));
    let entry = Entry { id: key.clone(), fields: many(64).into() };
    let append = Append { list: "notes".to_owned(), entry, max_entries: 10_000 };
    // Two values may both forbid a change.
    let unless = fields(&[("owner", "ada"), ("owner", "eva")]);
    update(store, &key, Change { unless, append: Some(append), ..change(&id) }).await;
}

/// Fields that no item may have.
fn bad_fields() -> Vec<Fields> {
    let long_name = "x".repeat(65);
    let long_value = "x".repeat(1_025);
    let single = [
        ("", "text"),
        (long_name.as_str(), "text"),
        ("portdesk_", "text"),
        ("portdesk_version", "1"),
        ("item_id", "text"),
        ("notes", "text"),
        ("owner", ""),
        ("owner", long_value.as_str()),
        ("made_at", ""),
        ("made_at", long_value.as_str()),
    ];
    single.iter().map(|pair| fields(&[*pair])).chain([twice(), many(65)]).collect()
}

fn twice() -> Fields {
    fields(&[("f", "1"), ("g", ""), ("f", "2")])
}

fn many(count: usize) -> Fields {
    (0..count).map(|number| (format!("f{number:02}"), "text".to_owned())).collect()
}

fn entry(id: &str, fields: Fields) -> Change {
    let append = Append {
        list: "notes".to_owned(),
        entry: Entry { id: id.to_owned(), fields: fields.into() },
        max_entries: 10,
    };
    Change { append: Some(append), ..change("c") }
}

#[track_caller]
fn assert_invalid<T: std::fmt::Debug>(answer: Result<T, Error>, what: &str) {
    match answer {
        Err(Error::Invalid(text)) if text != INVALID_CURSOR => {}
        other => panic!("{what:.200}: {other:?}"),
    }
}
