//! What every backend promises, as claims: plain async functions over an empty store.
//!
//! A claim uses keys and values of its own, so that all may run against one store. `conformance!` makes a test of
//! each; `reopened` is for stores that outlive their process.
//!
//! The tests of this package hold the memory store and the embedded store to the suite. The package in `tests/` holds
//! stores to it that need a server or another program; the feature `suite` makes the module public for that package.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::panic,
    clippy::unwrap_used,
    reason = "claims are tests: they fail by a panic, and their names are their documentation"
)]

pub mod appends;
pub mod contents;
pub mod cursors;
pub mod inserts;
pub mod limits;
pub mod lists;
pub mod quotas;
pub mod reopened;
pub mod updates;

use std::sync::Arc;

use super::{
    Append, Backend, Change, Entry, Fields, Index, Insert, Item, List, Page, Position, Query, Schema,
};
use super::{Summary, Update};

/// The text of [`Error::Invalid`] with which a component's backend says that it refused the cursor and not the call.
///
/// [`Error::Invalid`]: super::Error::Invalid
pub const INVALID_CURSOR: &str = "invalid-cursor";

/// What the claims are made about; shared, because they race tasks.
pub type SharedBackend = Arc<dyn Backend>;

/// One test for each claim. Takes an async closure that gives an empty store and whatever has to outlive it.
///
/// `conformance!(exact; ...)` adds what `wit/key-value.wit` leaves to a store and what those keep to that decide in
/// this process: ties ordered by key, positions where no item stands, limits to the last byte and field.
///
/// `conformance!(component; ...)` and `conformance!(exact component; ...)` are for components, before which nobody stands:
/// they hold the limits of a call and make cursors by themselves.
#[macro_export]
macro_rules! conformance {
    (exact; $fresh:expr) => {
        $crate::backend::suite::conformance! { $fresh }
        $crate::backend::suite::conformance! { @exact $fresh }
        $crate::backend::suite::conformance! { $fresh; lists::positions_need_no_item }
    };
    (exact component; $fresh:expr) => {
        $crate::backend::suite::conformance! { component; $fresh }
        $crate::backend::suite::conformance! { @exact $fresh }
    };
    (component; $fresh:expr) => {
        $crate::backend::suite::conformance! { $fresh }
        $crate::backend::suite::conformance! { $fresh;
            cursors::a_changed_cursor_is_refused,
            cursors::a_cursor_is_a_position_and_no_snapshot,
            cursors::a_cursor_of_another_query_is_refused,
            limits::a_change_that_breaks_a_limit_is_invalid,
            limits::a_key_that_breaks_a_limit_is_invalid,
            limits::a_query_that_breaks_a_limit_is_invalid,
            limits::an_insert_that_breaks_a_limit_is_invalid,
            limits::what_is_at_a_limit_is_taken,
        }
    };
    (@exact $fresh:expr) => {
        $crate::backend::suite::conformance! { $fresh;
            appends::an_append_past_the_last_byte_of_an_item_is_full,
            inserts::an_insert_past_the_last_byte_stores_nothing,
            lists::ties_follow_their_keys,
            updates::a_set_past_the_last_byte_of_an_item_is_full,
            updates::a_set_past_the_fields_of_an_item_is_full,
        }
    };
    ($fresh:expr) => {
        $crate::backend::suite::conformance! { $fresh;
            appends::an_append_past_the_limit_of_its_list_is_full,
            appends::an_append_past_the_bytes_of_an_item_is_full,
            appends::appends_of_racing_writers_are_all_kept,
            appends::entries_come_back_as_they_were_given,
            appends::lists_are_apart,
            appends::racing_repeats_of_an_append_store_it_once,
            inserts::a_repeated_insert_is_told_by_its_change_id,
            inserts::an_insert_that_is_too_large_stores_nothing,
            inserts::an_item_comes_back_as_it_was_given,
            inserts::of_racing_inserts_exactly_one_is_inserted,
            lists::an_empty_page_and_an_unknown_index,
            lists::an_item_without_an_index_field_is_not_listed,
            lists::an_item_moves_when_its_index_field_is_set,
            lists::any_value_can_be_listed,
            lists::paging_while_others_insert_shows_each_old_item_once,
            lists::pages_follow_the_order,
            lists::summaries_count_entries,
            updates::a_repeated_change_is_done_once,
            updates::a_set_past_the_bytes_of_an_item_is_full,
            updates::a_stale_change_brings_the_item,
            updates::an_update_of_nothing_is_missing,
            updates::every_answered_write_is_read,
            updates::of_several_outcomes_the_first_is_given,
            updates::racing_changes_at_one_version_are_done_once,
            updates::set_keeps_the_other_fields_sorted,
            updates::unless_above_refuses_greater_values_only,
            updates::unless_refuses,
        }
    };
    ($fresh:expr; $($part:ident :: $claim:ident),* $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $claim() {
            let (store, _kept) = ($fresh)().await;
            $crate::backend::suite::$part::$claim(&store).await;
            store.close().await;
        }
    )* };
}
pub use conformance;

/// The schema that the claims need.
pub fn schema() -> Schema {
    let index = |name: &str, partition: &str| Index {
        name: name.to_owned(),
        partition: partition.to_owned(),
        order: "made_at".to_owned(),
        optional: false,
    };
    let list = |name: &str, id_field: &str| List { name: name.to_owned(), id_field: id_field.to_owned() };
    Schema {
        key_field: "item_id".to_owned(),
        listed: vec!["made_at".to_owned(), "owner".to_owned(), "state".to_owned()],
        lists: vec![list("links", "link_id"), list("notes", "note_id")],
        indexes: vec![index("ByOwner", "owner"), index("ByState", "state")],
    }
}

/// Fields from pairs, sorted.
pub fn fields(pairs: &[(&str, &str)]) -> Fields {
    let mut fields =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Fields>();
    fields.sort();
    fields
}

/// A change that does nothing yet.
pub fn change(id: &str) -> Change {
    Change {
        id: id.to_owned(),
        at_version: None,
        unless: Fields::new(),
        unless_above: Vec::new(),
        set: Fields::new(),
        append: None,
    }
}

/// A change that sets fields.
pub fn set(id: &str, pairs: &[(&str, &str)]) -> Change {
    Change { set: fields(pairs), ..change(id) }
}

/// A change that appends to `notes`; the entry's id names the change too.
pub fn note(id: &str, text: &str) -> Change {
    append(id, "notes", text, 10_000)
}

/// A change that appends an entry with one field.
pub fn append(id: &str, list: &str, text: &str, max_entries: u32) -> Change {
    let entry = Entry { id: id.to_owned(), fields: fields(&[("text", text)]).into() };
    Change { append: Some(Append { list: list.to_owned(), entry, max_entries }), ..change(id) }
}

/// Inserts an item that must be new; its version.
pub async fn insert(store: &SharedBackend, key: &str, pairs: &[(&str, &str)]) -> u64 {
    // A key may be longer than a change id.
    let change_id: String = format!("insert {key}").chars().take(16).collect();
    let outcome = store.insert(key, fields(pairs), &change_id).await.unwrap();
    let Insert::Inserted(version) = outcome else { panic!("{key} was not inserted: {outcome:?}") };
    version
}

/// Updates an item, which must be stored; its version.
pub async fn update(store: &SharedBackend, key: &str, change: Change) -> u64 {
    let outcome = store.update(key, change).await.unwrap();
    let Update::Updated(version) = outcome else { panic!("{key} was not updated: {outcome:?}") };
    version
}

/// The item, which must be there.
pub async fn get(store: &SharedBackend, key: &str) -> Item {
    store.get(key).await.unwrap().unwrap_or_else(|| panic!("{key} is missing"))
}

/// The ids of a list's entries.
pub fn ids(item: &Item, list: &str) -> Vec<String> {
    let entries = item.lists.iter().find(|(name, _)| name == list).map(|(_, entries)| entries.clone());
    entries.unwrap_or_default().into_iter().map(|entry| entry.id).collect()
}

/// A page of `ByOwner`.
pub async fn page(store: &SharedBackend, owner: &str, limit: u32, after: Option<Position>) -> Page {
    let query = Query { index: "ByOwner".to_owned(), value: owner.to_owned(), limit, after };
    store.query(query).await.unwrap()
}

/// All items of an owner, read in pages of `limit`.
pub async fn listed(store: &SharedBackend, owner: &str, limit: u32) -> Vec<Summary> {
    let mut items = Vec::new();
    let mut after = None;
    loop {
        let page = page(store, owner, limit, after).await;
        assert!(page.items.len() <= limit as usize, "more items than asked for");
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return items;
        }
    }
}

/// Their keys.
pub fn keys(items: &[Summary]) -> Vec<&str> {
    items.iter().map(|item| item.key.as_str()).collect()
}
