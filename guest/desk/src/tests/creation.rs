use alloc::borrow::ToOwned;
use alloc::format;

use expect_test::expect;

use super::env::{Desk, FIRST, TICKET, json, shown};

fn with_key(key: &str) -> alloc::string::String {
    alloc::format!("POST /tickets\nidempotency-key: {key}")
}

#[test]
fn a_new_ticket_is_open_and_has_a_place() {
    Desk::new().check("POST /tickets", TICKET, expect![[r#"
        201 create_ticket
        content-type: application/json
        location: /tickets/01000000-0000-4000-8000-000000000000
        etag: "1"
        {"ticket_id":"01000000-0000-4000-8000-000000000000","caller_id":"ada","issue_description":"No ink.","status":"open","created_at":"2026-11-22T14:00:00.123456Z","updated_at":"2026-11-22T14:00:00.123456Z","comments":[]}
    "#]]);
}

#[test]
fn a_ticket_is_made_with_one_call_of_the_store() {
    assert_eq!(Desk::new().calls("POST /tickets", TICKET), 1);
}

#[test]
fn two_tickets_without_a_key_are_two_tickets() {
    let desk = Desk::new();
    let (one, other) = (desk.post("/tickets", TICKET), desk.post("/tickets", TICKET));
    assert_ne!(json(&one)["ticket_id"], json(&other)["ticket_id"]);
}

#[test]
fn a_ticket_is_stored_under_the_names_that_the_contract_gives() {
    let desk = Desk::with_a_ticket();
    let items = desk.store.memory.items.borrow();
    expect![[r#"
        Item {
            key: "01000000-0000-4000-8000-000000000000",
            version: 1,
            fields: [
                (
                    "caller_id",
                    "ada",
                ),
                (
                    "created_at",
                    "2026-11-22T14:00:00.123456Z",
                ),
                (
                    "issue_description",
                    "No ink.",
                ),
                (
                    "status",
                    "open",
                ),
                (
                    "updated_at",
                    "2026-11-22T14:00:00.123456Z",
                ),
            ],
            lists: [],
        }
    "#]]
    .assert_debug_eq(&items[FIRST].item);
}

#[test]
fn a_repeated_key_gives_the_same_answer() {
    let desk = Desk::new();
    let first = desk.send(&with_key("k-1"), TICKET);
    expect![[r#"
        201 create_ticket
        content-type: application/json
        location: /tickets/bb2e48c2-bafa-8848-a618-ad8e455d3106
        etag: "1"
        {"ticket_id":"bb2e48c2-bafa-8848-a618-ad8e455d3106","caller_id":"ada","issue_description":"No ink.","status":"open","created_at":"2026-11-22T14:00:00.123456Z","updated_at":"2026-11-22T14:00:00.123456Z","comments":[]}
    "#]].assert_eq(&shown(&first));
    assert_eq!(desk.send(&with_key("k-1"), TICKET), first);
}

#[test]
fn a_repeated_key_gives_the_same_answer_after_the_ticket_has_changed() {
    let desk = Desk::new();
    let first = desk.send(&with_key("k-1"), TICKET);
    let id = json(&first)["ticket_id"].as_str().unwrap().to_owned();
    desk.post(&alloc::format!("/tickets/{id}/comments"), r#"{"comment":"Still none."}"#);
    let moved = desk.send(&alloc::format!("PATCH /tickets/{id}"), r#"{"status":"cancelled"}"#);
    assert_eq!(moved.status, 200);
    assert_eq!(desk.send(&with_key("k-1"), TICKET), first);
}

#[test]
fn the_same_key_with_members_in_another_order_is_the_same_request() {
    let desk = Desk::new();
    let first = desk.send(&with_key("k-1"), TICKET);
    let turned = r#" {"issue_description": "No \u0069nk.", "caller_id": "ada"}"#;
    assert_eq!(desk.send(&with_key("k-1"), turned), first);
}

#[test]
fn a_key_with_another_body_is_refused() {
    let desk = Desk::new();
    desk.send(&with_key("k-1"), TICKET);
    desk.check(&with_key("k-1"), r#"{"caller_id":"ada","issue_description":"No paper."}"#, expect![[r#"
        422 create_ticket
        content-type: application/json
        {"message":"This Idempotency-Key was used before with another body.","type":"urn:portdesk:problem:idempotency-key-reused","title":"Idempotency key reused","status":422,"detail":"This Idempotency-Key was used before with another body."}
    "#]]);
    desk.check(&with_key("k-1"), r#"{"caller_id":"bob","issue_description":"No ink."}"#, expect![[r#"
        422 create_ticket
        content-type: application/json
        {"message":"This Idempotency-Key was used before with another body.","type":"urn:portdesk:problem:idempotency-key-reused","title":"Idempotency key reused","status":422,"detail":"This Idempotency-Key was used before with another body."}
    "#]]);
}

#[test]
fn equal_keys_of_two_clients_are_two_keys() {
    let desk = Desk::new();
    let mut request = super::env::request(&with_key("k-1"), TICKET);
    let one = desk.answer(&request);
    request.client = None;
    let other = desk.answer(&request);
    assert_ne!(json(&one)["ticket_id"], json(&other)["ticket_id"]);
}

#[test]
fn a_key_that_is_no_key_is_refused() {
    let desk = Desk::new();
    desk.check(&with_key("k 1"), TICKET, expect![[r#"
        400 create_ticket
        content-type: application/json
        {"message":"The header Idempotency-Key has 1 to 255 visible ASCII characters.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The header Idempotency-Key has 1 to 255 visible ASCII characters.","errors":[{"field":"Idempotency-Key","message":"The header Idempotency-Key has 1 to 255 visible ASCII characters."}]}
    "#]]);
    desk.check(&with_key("k-1\nidempotency-key: k-2"), TICKET, expect![[r#"
        400 create_ticket
        content-type: application/json
        {"message":"The header Idempotency-Key is given more than once.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The header Idempotency-Key is given more than once.","errors":[{"field":"Idempotency-Key","message":"The header Idempotency-Key is given more than once."}]}
    "#]]);
    assert_eq!(desk.send(&with_key(""), TICKET).status, 400);
    assert_eq!(desk.send(&with_key(&"k".repeat(256)), TICKET).status, 400);
    assert_eq!(desk.send(&with_key(&"k".repeat(255)), TICKET).status, 201);
}

#[test]
fn what_is_missing_is_named_all_at_once() {
    Desk::new().check("POST /tickets", "{}", expect![[r#"
        400 create_ticket
        content-type: application/json
        {"message":"The member `caller_id` is missing. The member `issue_description` is missing.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The member `caller_id` is missing. The member `issue_description` is missing.","errors":[{"field":"caller_id","message":"The member `caller_id` is missing."},{"field":"issue_description","message":"The member `issue_description` is missing."}]}
    "#]]);
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let body = r#"{"caller_id":7,"colour":[[]],"issue_description":"","caller_id":"ada"}"#;
    Desk::new().check("POST /tickets", body, expect![[r#"
        400 create_ticket
        content-type: application/json
        {"message":"The member `caller_id` must be a string, not a number. The member `colour` is not known; known are `caller_id` and `issue_description`. The member `caller_id` is given more than once. `issue_description` is empty; it has 1 to 4000 characters.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The member `caller_id` must be a string, not a number. The member `colour` is not known; known are `caller_id` and `issue_description`. The member `caller_id` is given more than once. `issue_description` is empty; it has 1 to 4000 characters.","errors":[{"field":"caller_id","message":"The member `caller_id` must be a string, not a number."},{"field":"colour","message":"The member `colour` is not known; known are `caller_id` and `issue_description`."},{"field":"caller_id","message":"The member `caller_id` is given more than once."},{"field":"issue_description","message":"`issue_description` is empty; it has 1 to 4000 characters."}]}
    "#]]);
}

#[test]
fn a_member_of_another_type_is_refused() {
    for (value, kind) in [
        ("null", "null"),
        ("true", "a boolean"),
        ("-1", "a number"),
        ("18446744073709551616", "a number"),
        ("1.5e3", "a number"),
        ("[\"ada\"]", "an array"),
        ("{\"a\":{}}", "an object"),
    ] {
        let body = alloc::format!(r#"{{"caller_id":{value},"issue_description":"No ink."}}"#);
        let answer = Desk::new().post("/tickets", &body);
        assert_eq!(answer.status, 400);
        let message = alloc::format!("The member `caller_id` must be a string, not {kind}.");
        assert_eq!(json(&answer)["message"], message.as_str());
    }
}

#[test]
fn texts_are_measured_in_characters() {
    let body = |caller: usize, issue: usize| {
        alloc::format!(
            r#"{{"caller_id":"{}","issue_description":"{}"}}"#,
            "🦀".repeat(caller),
            "ä".repeat(issue)
        )
    };
    assert_eq!(Desk::new().post("/tickets", &body(128, 4000)).status, 201);
    Desk::new().check("POST /tickets", &body(129, 4001), expect![[r#"
        400 create_ticket
        content-type: application/json
        {"message":"`caller_id` is too long; it has 1 to 128 characters. `issue_description` is too long; it has 1 to 4000 characters.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"`caller_id` is too long; it has 1 to 128 characters. `issue_description` is too long; it has 1 to 4000 characters.","errors":[{"field":"caller_id","message":"`caller_id` is too long; it has 1 to 128 characters."},{"field":"issue_description","message":"`issue_description` is too long; it has 1 to 4000 characters."}]}
    "#]]);
}

#[test]
fn control_characters_are_refused() {
    let desk = Desk::new();
    desk.check("POST /tickets", r#"{"caller_id":"a\u0000","issue_description":"a\u000b\n"}"#, expect![[r#"
        400 create_ticket
        content-type: application/json
        {"message":"`caller_id` has a control character; only tabs and ends of lines are allowed. `issue_description` has a control character; only tabs and ends of lines are allowed.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"`caller_id` has a control character; only tabs and ends of lines are allowed. `issue_description` has a control character; only tabs and ends of lines are allowed.","errors":[{"field":"caller_id","message":"`caller_id` has a control character; only tabs and ends of lines are allowed."},{"field":"issue_description","message":"`issue_description` has a control character; only tabs and ends of lines are allowed."}]}
    "#]]);
    assert_eq!(desk.post("/tickets", r#"{"caller_id":"a","issue_description":"a\n\tb"}"#).status, 201);
}

#[test]
fn a_ticket_has_no_query() {
    Desk::new().check("POST /tickets?dry_run=1&", TICKET, expect![[r#"
        400 create_ticket
        content-type: application/json
        {"message":"The parameter `dry_run` is not known.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The parameter `dry_run` is not known.","errors":[{"field":"dry_run","message":"The parameter `dry_run` is not known."}]}
    "#]]);
}

#[test]
fn a_line_of_a_text_ends_in_a_line_feed_however_the_client_ends_it() {
    let desk = Desk::new();
    let answer = desk.post("/tickets", r#"{"caller_id":"ada\r","issue_description":"1\r\n2\r3\n4\r\n\r\n"}"#);
    assert_eq!(answer.status, 201);
    let ticket = json(&answer);
    assert_eq!(
        (&ticket["caller_id"], &ticket["issue_description"]),
        (&"ada\n".into(), &"1\n2\n3\n4\n\n".into())
    );
    let listed = json(&desk.send("GET /tickets?caller=ada%0D%0A", ""));
    assert_eq!(listed["tickets"][0]["ticket_id"], ticket["ticket_id"], "the caller is the same in a query");
}

#[test]
fn a_text_is_measured_with_line_feeds() {
    let desk = Desk::new();
    let sent = |lines: usize| {
        let description = r"\r\n".repeat(lines);
        desk.post("/tickets", &format!(r#"{{"caller_id":"a","issue_description":"{description}"}}"#)).status
    };
    assert_eq!((sent(4000), sent(4001)), (201, 400));
}

#[test]
fn a_repeat_with_other_ends_of_lines_is_the_same_request() {
    let desk = Desk::new();
    let keyed = |text: &str| {
        let body = format!(r#"{{"caller_id":"ada","issue_description":"{text}"}}"#);
        desk.send("POST /tickets\nidempotency-key: k-1", &body)
    };
    let first = keyed(r"a\nb");
    assert_eq!(first.status, 201);
    for same in [r"a\r\nb", r"a\rb", r"a\u000d\u000ab"] {
        assert_eq!(keyed(same), first, "{same}");
    }
    for other in [r"a\n\rb", r"a\r\n\r\nb", r"a\tb"] {
        assert_eq!(keyed(other).status, 422, "{other}");
    }
}
