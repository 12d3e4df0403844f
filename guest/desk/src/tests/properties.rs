use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;
use serde_json::Value;

use super::env::{Desk, json};
use crate::Request;
use crate::ticket::status::Status;

/// One request of a client, or a change of the clock.
#[derive(Debug, Clone)]
enum Step {
    Open { key: Option<u8> },
    Comment { ticket: usize, key: Option<u8> },
    Move { ticket: usize, to: usize, commented: bool, version: Option<u64> },
    SetClock { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let key = || proptest::option::of(0..3_u8);
    prop_oneof![
        key().prop_map(|key| Step::Open { key }),
        (0..3_usize, key()).prop_map(|(ticket, key)| Step::Comment { ticket, key }),
        (0..3_usize, 0..6_usize, any::<bool>(), proptest::option::of(1..9_u64))
            .prop_map(|(ticket, to, commented, version)| Step::Move { ticket, to, commented, version }),
        (1_700_000_000..1_800_000_000_u64).prop_map(|seconds| Step::SetClock { seconds }),
    ]
}

fn take(step: &Step, desk: &Desk, ids: &mut Vec<String>) -> u16 {
    let key = |key: Option<u8>| key.map(|key| format!("\nidempotency-key: {key}")).unwrap_or_default();
    let id = |at: usize| ids.get(at).map_or("11111111-1111-4111-8111-111111111111", String::as_str);
    match *step {
        Step::SetClock { seconds } => desk.clock.0.set(seconds),
        Step::Open { key: k } => {
            let body = r#"{"caller_id":"ada","issue_description":"No ink."}"#;
            let answer = desk.send(&format!("POST /tickets{}", key(k)), body);
            let id = json(&answer)["ticket_id"].as_str().unwrap_or_default().to_owned();
            if answer.status == 201 && !ids.contains(&id) {
                ids.push(id);
            }
            return answer.status;
        }
        Step::Comment { ticket, key: k } => {
            let line = format!("POST /tickets/{}/comments{}", id(ticket), key(k));
            return desk.send(&line, r#"{"comment":"Hm."}"#).status;
        }
        Step::Move { ticket, to, commented, version } => {
            let version = version.map(|version| format!("\nif-match: \"{version}\"")).unwrap_or_default();
            let comment = if commented { r#","comment":"So be it.""# } else { "" };
            let body = format!(r#"{{"status":"{}"{comment}}}"#, Status::ALL[to]);
            return desk.send(&format!("PATCH /tickets/{}{version}", id(ticket)), &body).status;
        }
    }
    200
}

fn ticket(desk: &Desk, id: &str) -> Value {
    json(&desk.send(&format!("GET /tickets/{id}"), ""))
}

fn assert_later_state_of(before: &Value, now: &Value) {
    let status = |ticket: &Value| Status::parse(ticket["status"].as_str().unwrap()).unwrap();
    let (from, to) = (status(before), status(now));
    assert!(from == to || from.next().contains(&to), "{from} to {to}");
    let comments = |ticket: &Value| ticket["comments"].as_array().unwrap().clone();
    assert!(comments(now).starts_with(&comments(before)), "{before} {now}");
    for constant in ["ticket_id", "caller_id", "issue_description", "created_at"] {
        assert_eq!(before[constant], now[constant]);
    }
}

fn assert_sound(desk: &Desk, ids: &[String]) {
    let list = json(&desk.send("GET /tickets?caller=ada&limit=100", ""));
    let listed = list["tickets"].as_array().unwrap();
    assert_eq!(listed.len(), ids.len());
    assert!(listed.is_sorted_by(|a, b| a["created_at"].as_str() >= b["created_at"].as_str()));
    for entry in listed {
        let ticket = ticket(desk, entry["ticket_id"].as_str().unwrap());
        assert!(ticket["updated_at"].as_str() >= ticket["created_at"].as_str(), "{ticket}");
        assert_eq!(
            entry["comment_count"].as_u64().unwrap(),
            ticket["comments"].as_array().unwrap().len() as u64
        );
        for member in ["caller_id", "issue_description", "status", "created_at", "updated_at"] {
            assert_eq!(entry[member], ticket[member]);
        }
    }
}

/// A request that is mostly valid.
fn likely_request() -> impl Strategy<Value = Request> {
    let method =
        prop_oneof![Just("GET"), Just("HEAD"), Just("POST"), Just("PATCH"), Just("OPTIONS"), Just("PUT")];
    let path = prop_oneof![
        Just("/tickets"),
        Just("/tickets/01000000-0000-4000-8000-000000000000"),
        Just("/tickets/01000000-0000-4000-8000-000000000000/comments"),
        Just("/tickets/%41"),
    ];
    let query =
        prop_oneof!["(caller|limit|cursor|x)=[a-z0-9%+&=]{0,9}", "caller=[a-z]{1,3}&limit=[0-9]{1,3}"];
    let header = prop_oneof![
        Just(("content-type".into(), "application/json".into())),
        ("(accept|content-type|idempotency-key|if-match|if-none-match|prefer)", "[ -~]{0,20}"),
        ("(if-match|if-none-match)", "(W/)?\"[0-9*]{1,2}\"(, *(\"x\"|\\*))?"),
    ];
    let headers = proptest::collection::vec(header, 0..5);
    (method, path, proptest::option::of(query), headers, body()).prop_map(
        |(method, path, query, headers, body)| Request {
            method: method.into(),
            path: path.into(),
            query,
            headers,
            body,
            ..Request::default()
        },
    )
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let name = "(caller_id|issue_description|comment|author|status|x)";
    let leaf = prop_oneof![
        "\"[a-z_\\\\u0]{0,9}\"",
        "-?[0-9]{1,20}(\\.[0-9]{1,3})?(e[0-9]{1,3})?",
        "(null|true|open)"
    ];
    let value = leaf.prop_recursive(4, 16, 3, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(|all| format!("[{}]", all.join(","))),
            proptest::collection::vec((name, inner), 0..3).prop_map(|all| object(&all)),
        ]
    });
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..64),
        proptest::collection::vec((name, value), 0..4).prop_map(|members| object(&members).into_bytes()),
        (1..9_000_usize, "[\\[{\"a:]{1,5}").prop_map(|(times, text)| text.repeat(times).into_bytes()),
        (1..9_000_usize).prop_map(|depth| format!("{{\"x\":{}", "[".repeat(depth)).into_bytes()),
    ]
}

fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// A request of random texts and bytes.
fn any_request() -> impl Strategy<Value = Request> {
    let text = any::<String>;
    let headers = proptest::collection::vec((text(), text()), 0..4);
    let rest = (proptest::collection::vec(any::<u8>(), 0..64), proptest::option::of(text()), text());
    (text(), text(), proptest::option::of(text()), headers, rest).prop_map(
        |(method, path, query, headers, (body, client, request_id))| Request {
            method,
            path,
            query,
            headers,
            body,
            client,
            request_id,
        },
    )
}

fn assert_answered(desk: &Desk, request: &Request) {
    let answer = desk.answer(request);
    assert!((200..=599).contains(&answer.status), "{answer:?}");
    for (name, value) in &answer.headers {
        assert!(!name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
        assert!(value.bytes().all(|b| b.is_ascii_graphic() || b == b' '), "{value}");
    }
    if answer.status >= 400 {
        let problem = json(&answer);
        assert!(problem["message"].as_str().is_some_and(|message| !message.is_empty()), "{problem}");
        assert_eq!(problem["message"], problem["detail"]);
        assert_eq!(problem["status"], answer.status);
        assert!(problem["type"].is_string() && problem["title"].is_string(), "{problem}");
    }
}

proptest! {
    #[test]
    fn whatever_clients_do_tickets_keep_their_rules(steps in proptest::collection::vec(step(), 1..24)) {
        let (desk, mut ids) = (Desk::new(), Vec::<String>::new());
        for step in &steps {
            let before: Vec<_> = ids.iter().map(|id| ticket(&desk, id)).collect();
            let status = take(step, &desk, &mut ids);
            prop_assert!([200, 201, 404, 409, 412, 422].contains(&status), "{status}");
            for (id, before) in ids.iter().zip(&before) {
                assert_later_state_of(before, &ticket(&desk, id));
            }
            assert_sound(&desk, &ids);
        }
    }

    #[test]
    fn a_likely_request_is_answered(requests in proptest::collection::vec(likely_request(), 1..6)) {
        let desk = Desk::with_a_ticket();
        for request in &requests {
            assert_answered(&desk, request);
        }
    }

    #[test]
    fn any_request_is_answered(request in any_request()) {
        assert_answered(&Desk::with_a_ticket(), &request);
    }
}
