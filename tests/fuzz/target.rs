//! Paths, queries, methods and headers.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::desk::{Desk, Sent};
use super::{fuzz, mutation};

#[test]
fn any_path_and_query_is_answered() {
    let desk = Desk::new();
    let ticket = desk.open("ada");
    fuzz("path and query", &requests(&ticket), 0.2, |sent| {
        let answer = desk.ask_well(&sent)?;
        Ok(answer.operation.is_some() && answer.status != 400)
    });
}

fn requests(ticket: &str) -> impl Strategy<Value = Sent> + use<> {
    let ticket = ticket.to_owned();
    let paths = vec![
        ("GET", format!("/tickets/{ticket}")),
        ("HEAD", format!("/tickets/{ticket}")),
        ("PATCH", format!("/tickets/{ticket}")),
        ("POST", format!("/tickets/{ticket}/comments")),
        ("OPTIONS", format!("/tickets/{ticket}/comments")),
        ("POST", "/tickets".to_owned()),
        ("GET", "/tickets?caller=ada&limit=20".to_owned()),
        ("GET", "/tickets?limit=1&caller=%61d%61+x&cursor=".to_owned()),
        ("GET", "/tickets?caller=J%C3%BCrgen%20%F0%9F%98%80".to_owned()),
    ];
    let request = select(paths).prop_flat_map(|(method, path)| {
        let edited = mutation::text(Just(method.to_owned()), &["GET", "PATCH"]);
        (prop_oneof![9 => Just(method.to_owned()), 1 => edited], mutation::text(Just(path), TOKENS))
    });
    (request, vec(header(), 0..2)).prop_map(|((method, path), headers)| {
        let body = match method.as_str() {
            "PATCH" => r#"{"status": "open"}"#,
            "POST" if path.ends_with("/comments") => r#"{"comment": "x"}"#,
            "POST" => r#"{"caller_id": "ada", "issue_description": "x"}"#,
            _ => "",
        };
        let mut sent = Sent::new(&method, &path, body);
        sent.headers.retain(|_| !body.is_empty());
        sent.headers.extend(headers);
        sent
    })
}

/// One of the headers that the component sees.
fn header() -> impl Strategy<Value = (String, String)> {
    let valid = vec![
        ("accept", "application/json, text/*;q=0.5"),
        ("content-type", "application/json; charset=\"utf-8\""),
        ("idempotency-key", "a-key"),
        ("if-match", "\"1\", \"2\""),
        ("if-match", "*"),
        ("if-none-match", "W/\"1\", \"3\""),
        ("prefer", "return=minimal; wait=10"),
    ];
    select(valid).prop_flat_map(|(name, value)| {
        mutation::text(Just(value.to_owned()), &["\"", ",", ";", "*", "W/", "=", "\\", " ", "\u{fffd}"])
            .prop_map(|value| (name.to_owned(), value))
    })
}

const TOKENS: &[&str] = &[
    "/",
    "//",
    "?",
    "&",
    "=",
    "&&",
    "%",
    "%2",
    "%2f",
    "%2F",
    "%00",
    "%ff",
    "%C3%28",
    "%F0%9F",
    "..",
    "/..",
    "+",
    "#",
    ";",
    "é",
    "caller=",
    "limit=",
    "cursor=",
    "&limit=0",
    "&limit=101",
    "&limit=-1",
    "&limit=18446744073709551616",
    "&caller=bob",
    "comments",
    "tickets",
    "\0",
    "\u{202e}",
];
