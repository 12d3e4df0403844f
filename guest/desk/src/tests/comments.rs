use alloc::format;
use alloc::string::String;

use expect_test::expect;

use super::env::{ABSENT, Desk, FIRST, comment, json};

const BODY: &str = r#"{"comment":"None at all?","author":"bob"}"#;

#[test]
fn a_comment_is_confirmed_and_kept() {
    let desk = Desk::with_a_ticket();
    desk.check(&comment(""), BODY, expect![[r#"
        200 add_ticket_comment
        content-type: application/json
        {"success":true,"ticket_id":"01000000-0000-4000-8000-000000000000","comment":{"comment_id":"02000000-0000-4000-8000-000000000000","comment":"None at all?","author":"bob","created_at":"2026-11-22T14:00:01.123456Z"},"updated_at":"2026-11-22T14:00:01.123456Z"}
    "#]]);
    desk.check(&comment(""), r#"{"comment":"No."}"#, expect![[r#"
        200 add_ticket_comment
        content-type: application/json
        {"success":true,"ticket_id":"01000000-0000-4000-8000-000000000000","comment":{"comment_id":"04000000-0000-4000-8000-000000000000","comment":"No.","created_at":"2026-11-22T14:00:02.123456Z"},"updated_at":"2026-11-22T14:00:02.123456Z"}
    "#]]);
    let ticket = json(&desk.send(&format!("GET /tickets/{FIRST}"), ""));
    assert_eq!(ticket["comments"].as_array().unwrap().len(), 2);
    assert_eq!(ticket["updated_at"], ticket["comments"][1]["created_at"]);
}

#[test]
fn a_comment_is_made_with_one_call_of_the_store() {
    assert_eq!(Desk::with_a_ticket().calls(&comment(""), BODY), 1);
}

#[test]
fn a_comment_on_no_ticket_is_not_found() {
    Desk::new().check(&format!("POST /tickets/{ABSENT}/comments"), BODY, expect![[r#"
        404 add_ticket_comment
        content-type: application/json
        {"message":"There is no ticket 11111111-1111-4111-8111-111111111111.","type":"about:blank","title":"Not Found","status":404,"detail":"There is no ticket 11111111-1111-4111-8111-111111111111."}
    "#]]);
}

#[test]
fn a_finished_ticket_takes_no_comment() {
    Desk::with_a_ticket_that_is(&["resolved", "closed"]).check(&comment(""), BODY, expect![[r#"
        409 add_ticket_comment
        content-type: application/json
        {"message":"The ticket is closed and takes no more comments.","type":"urn:portdesk:problem:comments-closed","title":"Comments closed","status":409,"detail":"The ticket is closed and takes no more comments."}
    "#]]);
    Desk::with_a_ticket_that_is(&["cancelled"]).check(&comment(""), BODY, expect![[r#"
        409 add_ticket_comment
        content-type: application/json
        {"message":"The ticket is cancelled and takes no more comments.","type":"urn:portdesk:problem:comments-closed","title":"Comments closed","status":409,"detail":"The ticket is cancelled and takes no more comments."}
    "#]]);
}

#[test]
fn every_other_ticket_takes_comments() {
    for status in ["in_progress", "on_hold", "resolved"] {
        assert_eq!(Desk::with_a_ticket_that_is(&[status]).send(&comment(""), BODY).status, 200, "{status}");
    }
}

#[test]
fn a_ticket_takes_500_comments_and_no_more() {
    let desk = Desk::with_a_ticket();
    for count in 0..500 {
        let key = comment(&format!("idempotency-key: {count}"));
        assert_eq!(desk.send(&key, r#"{"comment":"Again."}"#).status, 200);
    }
    desk.check(&comment("idempotency-key: one-more"), BODY, expect![[r#"
        409 add_ticket_comment
        content-type: application/json
        {"message":"The ticket is full: it has 500 comments, or as much text as one ticket can hold.","type":"urn:portdesk:problem:comments-full","title":"Comments full","status":409,"detail":"The ticket is full: it has 500 comments, or as much text as one ticket can hold."}
    "#]]);
    // A repeat is not a new comment.
    assert_eq!(desk.send(&comment("idempotency-key: 0"), r#"{"comment":"Again."}"#).status, 200);
}

#[test]
fn a_ticket_that_holds_as_much_text_as_it_can_is_full() {
    let desk = Desk::with_a_ticket();
    let body = format!(r#"{{"comment":"{}"}}"#, "🦀".repeat(4000));
    let last = (0..500)
        .map(|count| desk.send(&comment(&format!("idempotency-key: {count}")), &body).status)
        .find(|status| *status != 200);
    assert_eq!(last, Some(409));
}

#[test]
fn a_repeated_key_gives_the_same_answer_even_after_the_ticket_was_closed() {
    let desk = Desk::with_a_ticket();
    let first = desk.send(&comment("idempotency-key: k-1"), BODY);
    expect![[r#"
        200 add_ticket_comment
        content-type: application/json
        {"success":true,"ticket_id":"01000000-0000-4000-8000-000000000000","comment":{"comment_id":"1c38f4c8-80f3-8095-8064-75c8f4a173db","comment":"None at all?","author":"bob","created_at":"2026-11-22T14:00:01.123456Z"},"updated_at":"2026-11-22T14:00:01.123456Z"}
    "#]].assert_eq(&super::env::shown(&first));
    assert_eq!(desk.send(&comment("idempotency-key: k-1"), BODY), first);
    desk.send(&format!("PATCH /tickets/{FIRST}"), r#"{"status":"cancelled"}"#);
    assert_eq!(desk.send(&comment("idempotency-key: k-1"), BODY), first);
    let ticket = json(&desk.send(&format!("GET /tickets/{FIRST}"), ""));
    assert_eq!(ticket["comments"].as_array().unwrap().len(), 1);
}

#[test]
fn a_key_with_another_comment_is_refused() {
    let desk = Desk::with_a_ticket();
    desk.send(&comment("idempotency-key: k-1"), BODY);
    desk.check(&comment("idempotency-key: k-1"), r#"{"comment":"No.","author":"bob"}"#, expect![[r#"
        422 add_ticket_comment
        content-type: application/json
        {"message":"This Idempotency-Key was used before with another body.","type":"urn:portdesk:problem:idempotency-key-reused","title":"Idempotency key reused","status":422,"detail":"This Idempotency-Key was used before with another body."}
    "#]]);
    for body in [r#"{"comment":"None at all?"}"#, r#"{"comment":"None at all?","author":"eve"}"#] {
        assert_eq!(desk.send(&comment("idempotency-key: k-1"), body).status, 422, "{body}");
    }
}

#[test]
fn one_key_on_two_tickets_makes_two_comments() {
    let desk = Desk::with_a_ticket();
    let other = json(&desk.post("/tickets", r#"{"caller_id":"ada","issue_description":"No paper."}"#));
    let other = format!("/tickets/{}/comments", other["ticket_id"].as_str().unwrap());
    let one = json(&desk.send(&comment("idempotency-key: k-1"), BODY));
    let other = json(&desk.send(&format!("POST {other}\nidempotency-key: k-1"), BODY));
    assert_ne!(one["comment"]["comment_id"], other["comment"]["comment_id"]);
}

#[test]
fn a_comment_without_a_comment_is_refused() {
    let desk = Desk::with_a_ticket();
    desk.check(&comment(""), r#"{"author":""}"#, expect![[r#"
        400 add_ticket_comment
        content-type: application/json
        {"message":"The member `comment` is missing. `author` is empty; it has 1 to 128 characters.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The member `comment` is missing. `author` is empty; it has 1 to 128 characters.","errors":[{"field":"comment","message":"The member `comment` is missing."},{"field":"author","message":"`author` is empty; it has 1 to 128 characters."}]}
    "#]]);
    desk.check(&comment(""), r#"{"comment":"Yes.","author":null}"#, expect![[r#"
        400 add_ticket_comment
        content-type: application/json
        {"message":"The member `author` must be a string, not null.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The member `author` must be a string, not null.","errors":[{"field":"author","message":"The member `author` must be a string, not null."}]}
    "#]]);
    assert_eq!(desk.calls(&comment(""), "{}"), 0);
}

/// The field `updated_at` of the first ticket.
fn stored_time(desk: &Desk) -> String {
    desk.store.memory.field(FIRST, "updated_at")
}

#[test]
fn a_comment_by_an_earlier_clock_takes_no_time_of_the_ticket_back() {
    for headers in ["", "idempotency-key: k-1", "if-match: \"1\""] {
        let desk = Desk::with_a_ticket();
        let created = stored_time(&desk);
        desk.clock.0.set(1_795_000_000);
        let answer = json(&desk.send(&comment(headers), BODY));
        assert_eq!(stored_time(&desk), created, "{headers}");
        assert_eq!(answer["comment"]["created_at"], created.as_str(), "{headers}");
        assert_eq!(answer["updated_at"], created.as_str(), "{headers}");
        // While the clock is behind, a comment needs only one more call.
        desk.clock.0.set(1_795_000_000);
        assert_eq!(desk.calls(&comment(""), BODY), 2, "{headers}");
        let ticket = json(&desk.send(&format!("GET /tickets/{FIRST}"), ""));
        assert_eq!(ticket["comments"].as_array().unwrap().len(), 2, "{headers}");
    }
}

#[test]
fn a_comment_on_a_closed_ticket_is_refused_by_an_earlier_clock_too() {
    let desk = Desk::with_a_ticket_that_is(&["cancelled"]);
    desk.clock.0.set(1_795_000_000);
    assert_eq!(desk.send(&comment(""), BODY).status, 409);
}

#[test]
fn a_comment_updates_a_time_whose_form_orders_as_later() {
    // This is 13:00 in UTC, but its text comes after "14:00".
    let desk = Desk::with_a_ticket();
    desk.store.memory.set_field(FIRST, "updated_at", "2026-11-22T15:00:00+02:00");
    assert_eq!(desk.calls(&comment(""), BODY), 2);
    assert!(stored_time(&desk).starts_with("2026-11-22T14:00:0"), "{}", stored_time(&desk));
    // The desk does not give up if other comments arrive in between.
    desk.store.memory.set_field(FIRST, "updated_at", "2026-11-22T15:00:00+02:00");
    desk.store.races.set(2);
    assert_eq!(desk.send(&comment(""), BODY).status, 200);
    assert!(stored_time(&desk).starts_with("2026-11-22T14:00:0"), "{}", stored_time(&desk));
}
