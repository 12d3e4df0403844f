use alloc::format;
use alloc::string::String;

use expect_test::expect;

use super::env::{ABSENT, Desk, FIRST, json, patch};
use crate::store::{Entry, Error, Update};
use crate::ticket::status::Status;

fn to(status: &str) -> String {
    format!(r#"{{"status":"{status}"}}"#)
}

#[test]
fn a_ticket_moves_and_shows_its_new_version() {
    Desk::with_a_ticket().check(&patch(""), &to("in_progress"), expect![[r#"
        200 update_ticket_status
        content-type: application/json
        etag: "2"
        {"ticket_id":"01000000-0000-4000-8000-000000000000","caller_id":"ada","issue_description":"No ink.","status":"in_progress","created_at":"2026-11-22T14:00:00.123456Z","updated_at":"2026-11-22T14:00:01.123456Z","comments":[]}
    "#]]);
}

#[test]
fn a_move_may_be_explained() {
    let body = r#"{"status":"on_hold","comment":"Ink is ordered."}"#;
    let desk = Desk::with_a_ticket();
    desk.check(&patch(""), body, expect![[r#"
        200 update_ticket_status
        content-type: application/json
        etag: "2"
        {"ticket_id":"01000000-0000-4000-8000-000000000000","caller_id":"ada","issue_description":"No ink.","status":"on_hold","created_at":"2026-11-22T14:00:00.123456Z","updated_at":"2026-11-22T14:00:01.123456Z","comments":[{"comment_id":"02000000-0000-4000-8000-000000000000","comment":"Ink is ordered.","created_at":"2026-11-22T14:00:01.123456Z"}]}
    "#]]);
    let kept = json(&desk.send(&format!("GET /tickets/{FIRST}"), ""));
    assert_eq!(kept["comments"][0]["comment"], "Ink is ordered.");
    assert_eq!(kept["updated_at"], kept["comments"][0]["created_at"]);
}

#[test]
fn a_ticket_is_moved_with_two_calls_of_the_store() {
    assert_eq!(Desk::with_a_ticket().calls(&patch(""), &to("resolved")), 2);
}

/// The statuses that lead from a new ticket to each status.
fn way(status: Status) -> &'static [&'static str] {
    match status {
        Status::Open => &[],
        Status::InProgress => &["in_progress"],
        Status::OnHold => &["on_hold"],
        Status::Resolved => &["resolved"],
        Status::Closed => &["resolved", "closed"],
        Status::Cancelled => &["cancelled"],
    }
}

#[test]
fn a_ticket_moves_along_the_transitions_and_no_other_way() {
    for from in Status::ALL {
        for status in Status::ALL {
            let desk = Desk::with_a_ticket_that_is(way(from));
            let answer = desk.send(&patch(""), &to(status.as_str()));
            let legal = from == status || from.next().contains(&status);
            assert_eq!(answer.status, if legal { 200 } else { 409 }, "{from} to {status}");
        }
    }
}

#[test]
fn closing_an_open_ticket_is_a_conflict_that_names_the_ways_out() {
    Desk::with_a_ticket().check(&patch(""), &to("closed"), expect![[r#"
        409 update_ticket_status
        content-type: application/json
        {"message":"A ticket that is open cannot become closed; it can become in_progress, on_hold, resolved or cancelled.","type":"urn:portdesk:problem:illegal-transition","title":"Illegal transition","status":409,"detail":"A ticket that is open cannot become closed; it can become in_progress, on_hold, resolved or cancelled.","allowed":["in_progress","on_hold","resolved","cancelled"]}
    "#]]);
}

#[test]
fn a_cancelled_ticket_has_no_way_out() {
    Desk::with_a_ticket_that_is(&["cancelled"]).check(&patch(""), &to("open"), expect![[r#"
        409 update_ticket_status
        content-type: application/json
        {"message":"A ticket that is cancelled cannot become open; its status is final.","type":"urn:portdesk:problem:illegal-transition","title":"Illegal transition","status":409,"detail":"A ticket that is cancelled cannot become open; its status is final.","allowed":[]}
    "#]]);
}

#[test]
fn a_move_to_where_the_ticket_is_changes_nothing() {
    let desk = Desk::with_a_ticket_that_is(&["resolved"]);
    let before = desk.send(&format!("GET /tickets/{FIRST}"), "");
    let answer = desk.send(&patch(""), &to("resolved"));
    assert_eq!((answer.body, answer.headers), (before.body, before.headers));
    assert_eq!(desk.calls(&patch(""), &to("resolved")), 1);
    assert_eq!(
        Desk::with_a_ticket_that_is(&["resolved", "closed"]).send(&patch(""), &to("closed")).status,
        200
    );
}

#[test]
fn closing_a_closed_ticket_with_a_comment_is_a_conflict() {
    let body = r#"{"status":"closed","comment":"Really."}"#;
    Desk::with_a_ticket_that_is(&["resolved", "closed"]).check(&patch(""), body, expect![[r#"
        409 update_ticket_status
        content-type: application/json
        {"message":"The ticket is closed already, and a comment here needs a change of status; its status is final.","type":"urn:portdesk:problem:illegal-transition","title":"Illegal transition","status":409,"detail":"The ticket is closed already, and a comment here needs a change of status; its status is final.","allowed":[]}
    "#]]);
    let body = r#"{"status":"open","comment":"Really."}"#;
    Desk::with_a_ticket().check(&patch(""), body, expect![[r#"
        409 update_ticket_status
        content-type: application/json
        {"message":"The ticket is open already, and a comment here needs a change of status; it can become in_progress, on_hold, resolved or cancelled.","type":"urn:portdesk:problem:illegal-transition","title":"Illegal transition","status":409,"detail":"The ticket is open already, and a comment here needs a change of status; it can become in_progress, on_hold, resolved or cancelled.","allowed":["in_progress","on_hold","resolved","cancelled"]}
    "#]]);
}

#[test]
fn a_status_that_does_not_exist_is_refused() {
    Desk::with_a_ticket().check(&patch(""), r#"{"status":"Open","comment":""}"#, expect![[r#"
        400 update_ticket_status
        content-type: application/json
        {"message":"The member `status` must be open, in_progress, on_hold, resolved, closed or cancelled. `comment` is empty; it has 1 to 4000 characters.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The member `status` must be open, in_progress, on_hold, resolved, closed or cancelled. `comment` is empty; it has 1 to 4000 characters.","errors":[{"field":"status","message":"The member `status` must be open, in_progress, on_hold, resolved, closed or cancelled."},{"field":"comment","message":"`comment` is empty; it has 1 to 4000 characters."}]}
    "#]]);
}

#[test]
fn a_ticket_that_does_not_exist_does_not_move() {
    Desk::new().check(&format!("PATCH /tickets/{ABSENT}"), &to("resolved"), expect![[r#"
        404 update_ticket_status
        content-type: application/json
        {"message":"There is no ticket 11111111-1111-4111-8111-111111111111.","type":"about:blank","title":"Not Found","status":404,"detail":"There is no ticket 11111111-1111-4111-8111-111111111111."}
    "#]]);
}

#[test]
fn a_move_of_a_version_that_the_client_knows_is_made() {
    for tags in ["\"1\"", "\"9\", \"1\"", "*", "\"9\"\nif-match: \"1\"", "\"x\",\"1\""] {
        let answer = Desk::with_a_ticket().send(&patch(&format!("if-match: {tags}")), &to("resolved"));
        assert_eq!(answer.status, 200, "{tags}");
    }
}

#[test]
fn a_move_of_another_version_is_refused_before_its_transition_is_looked_at() {
    Desk::with_a_ticket().check(&patch("if-match: \"2\""), &to("closed"), expect![[r#"
        412 update_ticket_status
        content-type: application/json
        {"message":"If-Match does not name the version of the ticket, which may have changed since.","type":"urn:portdesk:problem:version-conflict","title":"Version conflict","status":412,"detail":"If-Match does not name the version of the ticket, which may have changed since."}
    "#]]);
    for tags in ["W/\"1\"", "\"x\"", "\"01\"", "\"\""] {
        let answer = Desk::with_a_ticket().send(&patch(&format!("if-match: {tags}")), &to("open"));
        assert_eq!(answer.status, 412, "{tags}");
    }
}

#[test]
fn a_malformed_if_match_is_refused() {
    Desk::with_a_ticket().check(&patch("if-match: 1"), &to("resolved"), expect![[r#"
        400 update_ticket_status
        content-type: application/json
        {"message":"The header If-Match is `*` or a list of entity tags, for example \"1\".","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The header If-Match is `*` or a list of entity tags, for example \"1\".","errors":[{"field":"If-Match","message":"The header If-Match is `*` or a list of entity tags, for example \"1\"."}]}
    "#]]);
    for tags in ["", ",", "\"1", "*, \"1\"", "\"1\" \"2\"", "\"a b\"", "w/\"1\""] {
        let answer = Desk::with_a_ticket().send(&patch(&format!("if-match: {tags}")), &to("resolved"));
        assert_eq!(answer.status, 400, "{tags}");
    }
}

#[test]
fn a_lost_race_is_run_again() {
    let desk = Desk::with_a_ticket();
    desk.store.races.set(8);
    let answer = desk.send(&patch(""), r#"{"status":"resolved","comment":"Refilled."}"#);
    assert_eq!(answer.status, 200);
    assert_eq!(json(&answer)["comments"].as_array().unwrap().len(), 1);
}

#[test]
fn a_race_that_is_always_lost_ends() {
    let desk = Desk::with_a_ticket();
    desk.store.races.set(9);
    desk.check(&patch("if-match: *"), &to("resolved"), expect![[r#"
        503 update_ticket_status
        content-type: application/json
        retry-after: 1
        {"message":"Another change came first at every attempt; nothing was stored. Repeat the request.","type":"about:blank","title":"Service Unavailable","status":503,"detail":"Another change came first at every attempt; nothing was stored. Repeat the request."}
    "#]]);
    assert_eq!(json(&desk.send(&format!("GET /tickets/{FIRST}"), ""))["status"], "open");
}

#[test]
fn a_race_lost_by_a_client_that_named_its_version_is_a_conflict() {
    let desk = Desk::with_a_ticket();
    desk.store.races.set(1);
    assert_eq!(desk.send(&patch("if-match: \"1\""), &to("resolved")).status, 412);
}

#[test]
fn a_race_against_the_end_of_the_ticket_is_a_conflict() {
    let closed = Desk::with_a_ticket_that_is(&["cancelled"]).store.memory.items.borrow()[FIRST].item.clone();
    let desk = Desk::with_a_ticket();
    desk.store.update.replace(Some(Update::Stale(closed)));
    assert_eq!(desk.send(&patch(""), &to("resolved")).status, 409);
}

#[test]
fn a_ticket_that_disappears_meanwhile_is_not_found() {
    let desk = Desk::with_a_ticket();
    desk.store.update.replace(Some(Update::Missing));
    assert_eq!(desk.send(&patch(""), &to("resolved")).status, 404);
}

#[test]
fn a_move_that_the_store_repeated_after_a_lost_answer_is_made() {
    let desk = Desk::with_a_ticket();
    desk.store.update.replace(Some(Update::Duplicate(Entry { id: "x".into(), fields: [].into() })));
    assert_eq!(desk.send(&patch(""), r#"{"status":"resolved","comment":"Refilled."}"#).status, 200);
}

#[test]
fn a_move_that_was_made_and_cannot_be_shown_is_not_reported_as_refused() {
    let desk = Desk::with_a_ticket();
    desk.store.update.replace(Some(Update::Duplicate(Entry { id: "x".into(), fields: [].into() })));
    desk.store.error_after_update.set(Some(Error::Unavailable));
    let answer = desk.send(&patch(""), r#"{"status":"resolved","comment":"Refilled."}"#);
    assert_eq!(json(&answer)["outcome"], "unknown");
}

#[test]
fn a_full_ticket_does_not_move() {
    let desk = Desk::with_a_ticket();
    desk.store.update.replace(Some(Update::Full));
    desk.check(&patch(""), r#"{"status":"resolved","comment":"Refilled."}"#, expect![[r#"
        409 update_ticket_status
        content-type: application/json
        {"message":"The ticket is full: it has 500 comments, or as much text as one ticket can hold.","type":"urn:portdesk:problem:comments-full","title":"Comments full","status":409,"detail":"The ticket is full: it has 500 comments, or as much text as one ticket can hold."}
    "#]]);
}

#[test]
fn a_move_by_a_clock_that_was_set_back_is_made_at_the_last_update() {
    let desk = Desk::with_a_ticket();
    desk.clock.0.set(0);
    let ticket = json(&desk.send(&patch(""), r#"{"status":"resolved","comment":"Refilled."}"#));
    assert_eq!(ticket["updated_at"], ticket["created_at"]);
    assert_eq!(ticket["comments"][0]["created_at"], ticket["created_at"]);
}
