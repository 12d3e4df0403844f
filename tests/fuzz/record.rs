//! Stored records, as another program may have written them.

use portdesk::backend::{Append, Backend, Change, Entry, Fields};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::desk::{Desk, Sent};
use super::{fuzz, mutation};

/// An item, and the entries of its list.
#[derive(Debug, Clone)]
struct Stored {
    fields: Fields,
    entries: Vec<Fields>,
}

#[test]
fn any_stored_record_is_read_or_called_damaged() {
    let desk = Desk::new();
    fuzz("stored record", &records(), 0.3, |stored| {
        let key = store(&desk, stored);
        let read = desk.ask(&Sent::new("GET", &format!("/tickets/{key}"), ""))?;
        let body = [
            ("GET", "/tickets?caller=ada".to_owned(), ""),
            ("PATCH", format!("/tickets/{key}"), r#"{"status": "in_progress", "comment": "x"}"#),
            ("POST", format!("/tickets/{key}/comments"), r#"{"comment": "x"}"#),
            ("GET", format!("/tickets/{key}"), ""),
        ];
        for (method, path, body) in &body {
            let answer = desk.ask(&Sent::new(method, path, body))?;
            // The only 5xx is the component's own 500 for a damaged record.
            let problem = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
            prop_assert!(answer.status < 500 || problem["type"].is_string(), "{}: {problem}", answer.status);
        }
        Ok(read.status == 200)
    });
}

/// Puts a record into the store under a new key, without the component.
fn store(desk: &Desk, stored: Stored) -> String {
    let key = desk.open("somebody");
    let change = |number: usize, set: Fields, append: Option<Append>| Change {
        id: format!("change-{number}"),
        at_version: None,
        unless: Vec::new(),
        unless_above: Vec::new(),
        set,
        append,
    };
    let update = |change: Change| {
        // A full record stays as it is, and is a good input too.
        let _ = desk.runtime.block_on(desk.store.update(&key, change)).unwrap();
    };
    update(change(0, sorted(stored.fields), None));
    for (number, fields) in stored.entries.into_iter().enumerate() {
        let entry = Entry { id: format!("entry {number}"), fields: sorted(fields).into() };
        update(change(
            number + 1,
            Fields::new(),
            Some(Append { list: "comments".into(), entry, max_entries: 10 }),
        ));
    }
    key
}

fn records() -> impl Strategy<Value = Stored> {
    (fields(), vec(entry(), 0..3)).prop_map(|(fields, entries)| Stored { fields, entries })
}

fn fields() -> impl Strategy<Value = Fields> {
    let status = select(vec!["open", "in_progress", "on_hold", "resolved", "closed", "cancelled"]);
    (edited("ada"), edited(TIME), edited("The VPN drops."), status.prop_flat_map(edited), edited(TIME))
        .prop_map(|(caller, created, description, status, updated)| {
            let names = ["caller_id", "created_at", "issue_description", "status", "updated_at"];
            names.into_iter().map(String::from).zip([caller, created, description, status, updated]).collect()
        })
}

fn entry() -> impl Strategy<Value = Fields> {
    let name = select(vec!["comment", "author", "created_at", "x"]);
    let field = (name, prop_oneof![edited(TIME), edited("A comment.")]);
    let whole = (edited("A comment."), edited(TIME)).prop_map(|(comment, created)| {
        vec![("comment".to_owned(), comment), ("created_at".to_owned(), created)]
    });
    let parts = vec(field.prop_map(|(name, value)| (name.to_owned(), value)), 0..4);
    prop_oneof![4 => whole, 1 => parts]
}

/// A value that is valid nine times of ten.
fn edited(valid: &str) -> impl Strategy<Value = String> + use<> {
    let valid = valid.to_owned();
    prop_oneof![9 => Just(valid.clone()), 1 => mutation::text(Just(valid), TOKENS)]
}

/// Makes fields that every store takes: names are sorted and unique, and values of an index are short enough.
fn sorted(mut fields: Fields) -> Fields {
    for (_, value) in
        fields.iter_mut().filter(|(name, _)| ["caller_id", "created_at"].contains(&name.as_str()))
    {
        value.truncate(value.floor_char_boundary(INDEXED_BYTES));
    }
    fields.sort();
    fields.dedup_by(|one, other| one.0 == other.0);
    fields
}

const INDEXED_BYTES: usize = 1024;
const TIME: &str = "2026-11-22T14:00:00.000000Z";
const TOKENS: &[&str] = &[
    "\0",
    "\u{1b}[0m",
    "\"",
    "\\",
    "é",
    "99999999999999999999",
    "-",
    "+23:59",
    ".5",
    "Z",
    " ",
    "\u{202e}",
    "OPEN",
];
