use alloc::format;
use alloc::string::String;

use expect_test::expect;

use super::world::{ABSENT, Desk, FIRST, json};

const BODY: &str = r#"{"comment":"None at all?","author":"bob"}"#;

fn post(headers: &str) -> String {
    format!("POST /tickets/{FIRST}/comments\n{headers}")
}

#[test]
fn a_comment_is_confirmed_and_kept() {
    let desk = Desk::with_a_ticket();
    desk.check(&post(""), BODY, expect![[r#"
        200 add_ticket_comment
        content-type: application/json
        {"success":true,"ticket_id":"01000000-0000-4000-8000-000000000000","comment":{"comment_id":"02000000-0000-4000-8000-000000000000","comment":"None at all?","author":"bob","created_at":"2026-11-22T14:00:01.123456Z"},"updated_at":"2026-11-22T14:00:01.123456Z"}
    "#]]);
    desk.check(&post(""), r#"{"comment":"No."}"#, expect![[r#"
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
    assert_eq!(Desk::with_a_ticket().calls(&post(""), BODY), 1);
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
    Desk::with_a_ticket_that_is(&["resolved", "closed"]).check(&post(""), BODY, expect![[r#"
        409 add_ticket_comment
        content-type: application/json
        {"message":"The ticket is closed and takes no more comments.","type":"urn:portdesk:problem:comments-closed","title":"Comments closed","status":409,"detail":"The ticket is closed and takes no more comments."}
    "#]]);
    Desk::with_a_ticket_that_is(&["cancelled"]).check(&post(""), BODY, expect![[r#"
        409 add_ticket_comment
        content-type: application/json
        {"message":"The ticket is cancelled and takes no more comments.","type":"urn:portdesk:problem:comments-closed","title":"Comments closed","status":409,"detail":"The ticket is cancelled and takes no more comments."}
    "#]]);
}

#[test]
fn every_other_ticket_takes_comments() {
    for status in ["in_progress", "on_hold", "resolved"] {
        assert_eq!(Desk::with_a_ticket_that_is(&[status]).send(&post(""), BODY).status, 200, "{status}");
    }
}

#[test]
fn a_ticket_takes_500_comments_and_no_more() {
    let desk = Desk::with_a_ticket();
    for count in 0..500 {
        let key = post(&format!("idempotency-key: {count}"));
        assert_eq!(desk.send(&key, r#"{"comment":"Again."}"#).status, 200);
    }
    desk.check(&post("idempotency-key: one-more"), BODY, expect![[r#"
        409 add_ticket_comment
        content-type: application/json
        {"message":"The ticket is full: it has 500 comments, or as much text as one ticket can hold.","type":"urn:portdesk:problem:comments-full","title":"Comments full","status":409,"detail":"The ticket is full: it has 500 comments, or as much text as one ticket can hold."}
    "#]]);
    // A replay is no new comment.
    assert_eq!(desk.send(&post("idempotency-key: 0"), r#"{"comment":"Again."}"#).status, 200);
}

#[test]
fn a_ticket_that_holds_as_much_text_as_it_can_is_full() {
    let desk = Desk::with_a_ticket();
    let body = format!(r#"{{"comment":"{}"}}"#, "🦀".repeat(4000));
    let last = (0..500)
        .map(|count| desk.send(&post(&format!("idempotency-key: {count}")), &body).status)
        .find(|status| *status != 200);
    assert_eq!(last, Some(409));
}

#[test]
fn a_repeated_key_gives_the_same_answer_even_after_the_ticket_was_closed() {
    let desk = Desk::with_a_ticket();
    let first = desk.send(&post("idempotency-key: k-1"), BODY);
    expect![[r#"
        200 add_ticket_comment
        content-type: application/json
        {"success":true,"ticket_id":"01000000-0000-4000-8000-000000000000","comment":{"comment_id":"1c38f4c8-80f3-8095-8064-75c8f4a173db","comment":"None at all?","author":"bob","created_at":"2026-11-22T14:00:01.123456Z"},"updated_at":"2026-11-22T14:00:01.123456Z"}
    "#]].assert_eq(&super::world::shown(&first));
    assert_eq!(desk.send(&post("idempotency-key: k-1"), BODY), first);
    desk.send(&format!("PATCH /tickets/{FIRST}"), r#"{"status":"cancelled"}"#);
    assert_eq!(desk.send(&post("idempotency-key: k-1"), BODY), first);
    let ticket = json(&desk.send(&format!("GET /tickets/{FIRST}"), ""));
    assert_eq!(ticket["comments"].as_array().unwrap().len(), 1);
}

#[test]
fn a_key_with_another_comment_is_refused() {
    let desk = Desk::with_a_ticket();
    desk.send(&post("idempotency-key: k-1"), BODY);
    desk.check(&post("idempotency-key: k-1"), r#"{"comment":"No.","author":"bob"}"#, expect![[r#"
        422 add_ticket_comment
        content-type: application/json
        {"message":"This Idempotency-Key was used before with another body.","type":"urn:portdesk:problem:idempotency-key-reused","title":"Idempotency key reused","status":422,"detail":"This Idempotency-Key was used before with another body."}
    "#]]);
    for body in [r#"{"comment":"None at all?"}"#, r#"{"comment":"None at all?","author":"eve"}"#] {
        assert_eq!(desk.send(&post("idempotency-key: k-1"), body).status, 422, "{body}");
    }
}

#[test]
fn one_key_on_two_tickets_makes_two_comments() {
    let desk = Desk::with_a_ticket();
    let other = json(&desk.post("/tickets", r#"{"caller_id":"ada","issue_description":"No paper."}"#));
    let other = format!("/tickets/{}/comments", other["ticket_id"].as_str().unwrap());
    let one = json(&desk.send(&post("idempotency-key: k-1"), BODY));
    let other = json(&desk.send(&format!("POST {other}\nidempotency-key: k-1"), BODY));
    assert_ne!(one["comment"]["comment_id"], other["comment"]["comment_id"]);
}

#[test]
fn a_comment_without_a_comment_is_refused() {
    let desk = Desk::with_a_ticket();
    desk.check(&post(""), r#"{"author":""}"#, expect![[r#"
        400 add_ticket_comment
        content-type: application/json
        {"message":"The member `comment` is missing. `author` is empty; it has 1 to 128 characters.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The member `comment` is missing. `author` is empty; it has 1 to 128 characters.","errors":[{"field":"comment","message":"The member `comment` is missing."},{"field":"author","message":"`author` is empty; it has 1 to 128 characters."}]}
    "#]]);
    desk.check(&post(""), r#"{"comment":"Yes.","author":null}"#, expect![[r#"
        400 add_ticket_comment
        content-type: application/json
        {"message":"The member `author` must be a string, not null.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The member `author` must be a string, not null.","errors":[{"field":"author","message":"The member `author` must be a string, not null."}]}
    "#]]);
    assert_eq!(desk.calls(&post(""), "{}"), 0);
}

#[test]
fn a_comment_by_a_clock_that_was_set_back_does_not_make_the_ticket_older_than_itself() {
    let desk = Desk::with_a_ticket();
    desk.clock.0.set(0);
    desk.send(&post(""), BODY);
    let ticket = json(&desk.send(&format!("GET /tickets/{FIRST}"), ""));
    assert_eq!(ticket["updated_at"], ticket["created_at"]);
    assert_eq!(ticket["comments"][0]["created_at"], "1970-01-01T00:00:00.123456Z");
}
