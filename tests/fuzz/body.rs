//! Request bodies.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::desk::{Desk, Sent};
use super::{fuzz, mutation};

#[test]
fn any_body_is_answered() {
    let desk = Desk::new();
    let ticket = desk.open("ada");
    fuzz("body", &requests(&ticket), 0.2, |sent| {
        let answer = desk.ask_well(&sent)?;
        Ok(![400, 413, 415].contains(&answer.status))
    });
}

fn requests(ticket: &str) -> impl Strategy<Value = Sent> + use<> {
    let (path, comments) = (format!("/tickets/{ticket}"), format!("/tickets/{ticket}/comments"));
    let create = "(a|ada|Ada Lovelace)".prop_flat_map(|caller| {
        let text = "[ -~äöü\n\t]{1,40}".prop_map(|text| serde_json::Value::from(text).to_string());
        text.prop_map(move |text| format!(r#"{{"caller_id": "{caller}", "issue_description": {text}}}"#))
    });
    let comment =
        "[ -~]{1,40}".prop_map(|text| serde_json::json!({ "comment": text, "author": "ada" }).to_string());
    let moves = select(vec!["open", "in_progress", "on_hold", "resolved"])
        .prop_map(|status| format!(r#"{{"status": "{status}", "comment": "\u0041\ud83d\ude00"}}"#));
    let edited = prop_oneof![
        create.prop_map(|body| ("POST", "/tickets".to_owned(), body)),
        comment.prop_map(move |body| ("POST", comments.clone(), body)),
        moves.prop_map(move |body| ("PATCH", path.clone(), body)),
    ];
    let edited = edited.prop_flat_map(|(method, path, body)| {
        let body = mutation::bytes(Just(body.into_bytes()), TOKENS);
        body.prop_map(move |body| Sent { body, ..Sent::new(method, &path, "") })
    });
    let made_up = object().prop_map(|body| Sent { body, ..Sent::new("POST", "/tickets", "") });
    prop_oneof![4 => edited, 1 => made_up]
}

/// Something like a JSON object. Its members may be nested deeply, be long, or stand there twice.
fn object() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        "\"\\PC{0,30}\"",
        "-?[0-9]{1,400}(\\.[0-9]{1,20})?(e[0-9]{1,6})?",
        Just("null".to_owned()),
        (1..30_000_usize).prop_map(|depth| "[".repeat(depth)),
        (1..9_000_usize).prop_map(|depth| "{\"a\":".repeat(depth)),
    ];
    let member = ("(caller_id|issue_description|comment|author|status|\\\\u0063omment|x)", value);
    prop_oneof![
        vec(any::<u8>(), 0..200),
        vec(member, 0..5).prop_map(|members| {
            let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", members.join(",")).into_bytes()
        }),
    ]
}

const TOKENS: &[&str] = &[
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\\udc00\\ud800",
    "\\u0063",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "1e400",
    "-0",
    "\u{feff}",
    "\u{0}",
    " ",
    "\n",
    "\"comment\":",
    "\"caller_id\": \"x\",",
    "\"status\": \"closed\",",
    "\"\"",
    "é",
    "\u{2028}",
    "[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":",
];
