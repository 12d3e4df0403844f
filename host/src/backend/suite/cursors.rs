//! Claims about cursors, for stores that make them: components. A cursor stands in a position's order value.

use super::{INVALID_CURSOR, SharedBackend, fields, insert, keys, page, set, update};
use crate::backend::{Error, Position, Query};

pub async fn a_changed_cursor_is_refused(store: &SharedBackend) {
    let cursor = cursor(store, "changed").await;
    let is_url_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    assert!(cursor.bytes().all(is_url_safe), "{cursor}");
    let mut forged = vec![String::new(), "x".to_owned(), "0".repeat(40_000), "\u{e9}\u{0}".to_owned()];
    for (at, character) in cursor.char_indices() {
        let (before, behind) = (&cursor[..at], &cursor[at + 1..]);
        forged.push(format!("{before}{behind}"));
        forged.push(format!("{before}{}{behind}", if character == '1' { '2' } else { '1' }));
    }
    forged.extend([format!("{cursor}0"), format!("0{cursor}"), cursor.to_uppercase(), cursor.to_lowercase()]);
    for forged in forged.into_iter().filter(|forged| *forged != cursor) {
        assert_refused(store, "ByOwner", "changed", &forged).await;
    }
}

pub async fn a_cursor_of_another_query_is_refused(store: &SharedBackend) {
    let own = cursor(store, "own").await;
    cursor(store, "other").await;
    for (index, value) in [("ByOwner", "other"), ("ByOwner", "nobody"), ("ByState", "own")] {
        assert_refused(store, index, value, &own).await;
    }
}

pub async fn a_cursor_is_a_position_and_no_snapshot(store: &SharedBackend) {
    let cursor = cursor(store, "moving").await;
    // Where the page ended nothing stands any more, and what follows is listed as it is now.
    update(store, "moving c", set("away", &[("owner", "elsewhere")])).await;
    update(store, "moving b", set("changed", &[("made_at", "0")])).await;
    for _ in 0..2 {
        let after = Position { order: cursor.clone(), key: String::new() };
        let rest = page(store, "moving", 10, Some(after)).await;
        assert_eq!(keys(&rest.items), ["moving a", "moving b"]);
        assert_eq!(rest.next, None);
    }
}

/// Where a page of one item of an owner ends, who has three.
async fn cursor(store: &SharedBackend, owner: &str) -> String {
    for (name, made_at) in [("a", "1"), ("b", "2"), ("c", "3")] {
        let pairs = [("made_at", made_at), ("owner", owner), ("state", owner)];
        insert(store, &format!("{owner} {name}"), &pairs).await;
    }
    let first = page(store, owner, 1, None).await;
    assert_eq!(*first.items[0].fields, fields(&[("made_at", "3"), ("owner", owner), ("state", owner)]));
    first.next.expect("two items follow").order
}

async fn assert_refused(store: &SharedBackend, index: &str, value: &str, cursor: &str) {
    let after = Position { order: cursor.to_owned(), key: String::new() };
    let query = Query { index: index.to_owned(), value: value.to_owned(), limit: 1, after: Some(after) };
    let answer = store.query(query).await;
    assert_eq!(answer, Err(Error::Invalid(INVALID_CURSOR.to_owned())), "{index} {value} {cursor:.80}");
}
