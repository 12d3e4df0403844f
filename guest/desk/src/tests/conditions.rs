//! Every operation evaluates conditions.

use alloc::format;

use expect_test::expect;

use super::env::{ABSENT, Desk, FIRST, TICKET, comment, json, patch};
use crate::Response;
use crate::store::{Error, Update};

const COMMENT: &str = r#"{"comment":"None at all?","author":"bob"}"#;
const RESOLVED: &str = r#"{"status":"resolved"}"#;

/// A desk with a ticket at version 2.
fn at_version_2() -> Desk {
    let desk = Desk::with_a_ticket();
    assert_eq!(desk.send(&comment(""), r#"{"comment":"First."}"#).status, 200);
    desk
}

fn comments(desk: &Desk) -> usize {
    json(&desk.send(&format!("GET /tickets/{FIRST}"), ""))["comments"].as_array().unwrap().len()
}

fn is_version_conflict(answer: &Response) -> bool {
    answer.status == 412 && json(answer)["type"] == "urn:portdesk:problem:version-conflict"
}

#[test]
fn a_ticket_at_another_version_than_if_match_names_is_not_shown() {
    let desk = at_version_2();
    for method in ["GET", "HEAD"] {
        let read = |headers: &str| desk.send(&format!("{method} /tickets/{FIRST}\n{headers}"), "");
        for met in ["\"2\"", "*", "\"1\", \"2\"", "\"9\"\nif-match: \"2\"", "\"x\" ,\t\"2\""] {
            assert_eq!(read(&format!("if-match: {met}")).status, 200, "{met}");
        }
        for unmet in ["\"1\"", "W/\"2\"", "\"02\"", "\"x\"", "\"2 \"".replace(' ', "x").as_str()] {
            assert!(is_version_conflict(&read(&format!("if-match: {unmet}"))), "{unmet}");
        }
        for malformed in ["2", "", "*, \"2\"", "\"2", "\"1\" \"2\""] {
            assert_eq!(read(&format!("if-match: {malformed}")).status, 400, "{malformed}");
        }
    }
    assert_eq!(desk.calls(&format!("GET /tickets/{FIRST}\nif-match: \"1\""), ""), 1);
    desk.check(&format!("GET /tickets/{FIRST}\nif-match: \"1\""), "", expect![[r#"
        412 get_ticket_status
        content-type: application/json
        {"message":"If-Match does not name the version of the ticket, which may have changed since.","type":"urn:portdesk:problem:version-conflict","title":"Version conflict","status":412,"detail":"If-Match does not name the version of the ticket, which may have changed since."}
    "#]]);
}

#[test]
fn if_match_comes_before_if_none_match() {
    let desk = at_version_2();
    let read = |one: &str, none: &str| {
        desk.send(&format!("GET /tickets/{FIRST}\nif-none-match: {none}\nif-match: {one}"), "").status
    };
    assert_eq!(read("\"2\"", "\"1\""), 200);
    assert_eq!(read("\"2\"", "\"2\""), 304);
    assert_eq!(read("*", "*"), 304);
    assert_eq!(read("\"1\"", "\"2\""), 412);
    assert_eq!(read("\"1\"", "\"1\""), 412);
    assert_eq!(read("\"2\"", "malformed"), 200);
}

#[test]
fn a_comment_on_another_version_is_not_made() {
    let desk = at_version_2();
    desk.check(&comment("if-match: \"1\""), COMMENT, expect![[r#"
        412 add_ticket_comment
        content-type: application/json
        {"message":"If-Match does not name the version of the ticket, which may have changed since.","type":"urn:portdesk:problem:version-conflict","title":"Version conflict","status":412,"detail":"If-Match does not name the version of the ticket, which may have changed since."}
    "#]]);
    for unmet in ["W/\"2\"", "\"x\"", "\"1\", \"3\"", "\"02\"", "\"1\"\nif-match: \"7\""] {
        assert!(is_version_conflict(&desk.send(&comment(&format!("if-match: {unmet}")), COMMENT)), "{unmet}");
    }
    for malformed in ["2", "", "*, \"2\"", "\"2", "w/\"2\""] {
        assert_eq!(
            desk.send(&comment(&format!("if-match: {malformed}")), COMMENT).status,
            400,
            "{malformed}"
        );
    }
    assert_eq!(comments(&desk), 1);
}

#[test]
fn a_comment_on_the_version_that_the_client_knows_is_made_with_one_call() {
    for (met, calls) in [
        ("\"2\"", 1),
        ("*", 1),
        ("\"2\", \"1\"", 1),
        ("W/\"1\", \"2\"", 1),
        ("\"2\"\nif-none-match: \"1\"", 1),
        ("*\nif-none-match: \"x\"", 1),
        // The first call returns the version, which the client names too.
        ("\"1\", \"2\"", 2),
        // The client names no version, so the desk has to read it.
        ("*\nif-none-match: \"1\"", 2),
    ] {
        let desk = at_version_2();
        assert_eq!(desk.calls(&comment(&format!("if-match: {met}")), COMMENT), calls, "{met}");
        assert_eq!(comments(&desk), 2, "{met}");
    }
}

#[test]
fn a_comment_is_not_made_at_a_version_that_if_none_match_names() {
    let desk = at_version_2();
    desk.check(&comment("if-none-match: *"), COMMENT, expect![[r#"
        412 add_ticket_comment
        content-type: application/json
        {"message":"If-None-Match excludes the version of the ticket.","type":"urn:portdesk:problem:version-conflict","title":"Version conflict","status":412,"detail":"If-None-Match excludes the version of the ticket."}
    "#]]);
    for unmet in ["\"2\"", "W/\"2\"", "\"1\", \"2\"", "*\nif-match: \"2\"", "\"2\"\nif-match: *"] {
        let line = comment(&format!("if-none-match: {unmet}"));
        assert!(is_version_conflict(&desk.send(&line, COMMENT)), "{unmet}");
    }
    for malformed in ["2", "", "*, \"2\"", "\"2"] {
        let line = comment(&format!("if-none-match: {malformed}"));
        assert_eq!(desk.send(&line, COMMENT).status, 400, "{malformed}");
    }
    assert_eq!(comments(&desk), 1);
    for met in ["\"1\"", "\"x\"", "W/\"1\"", "\"02\""] {
        assert_eq!(desk.send(&comment(&format!("if-none-match: {met}")), COMMENT).status, 200, "{met}");
    }
}

#[test]
fn a_move_is_not_made_at_a_version_that_if_none_match_names() {
    let desk = at_version_2();
    desk.check(&patch("if-none-match: *"), RESOLVED, expect![[r#"
        412 update_ticket_status
        content-type: application/json
        {"message":"If-None-Match excludes the version of the ticket.","type":"urn:portdesk:problem:version-conflict","title":"Version conflict","status":412,"detail":"If-None-Match excludes the version of the ticket."}
    "#]]);
    for unmet in ["\"2\"", "W/\"2\"", "\"1\", \"2\"", "*\nif-match: *", "\"2\"\nif-match: \"2\""] {
        let line = patch(&format!("if-none-match: {unmet}"));
        assert!(is_version_conflict(&desk.send(&line, RESOLVED)), "{unmet}");
    }
    for malformed in ["2", "*, \"2\"", "\"2", ","] {
        assert_eq!(
            desk.send(&patch(&format!("if-none-match: {malformed}")), RESOLVED).status,
            400,
            "{malformed}"
        );
    }
    assert_eq!(json(&desk.send(&format!("GET /tickets/{FIRST}"), ""))["status"], "open");
    let met = desk.send(&patch("if-none-match: \"1\"\nif-match: \"2\""), RESOLVED);
    assert_eq!(met.status, 200);
}

#[test]
fn a_ticket_that_does_not_exist_is_not_found_whatever_the_conditions_are() {
    let desk = Desk::new();
    for condition in
        ["if-match: *", "if-match: \"1\"", "if-match: \"x\"", "if-none-match: *", "if-none-match: \"1\""]
    {
        for (line, body) in [
            (format!("GET /tickets/{ABSENT}"), ""),
            (format!("PATCH /tickets/{ABSENT}"), RESOLVED),
            (format!("POST /tickets/{ABSENT}/comments"), COMMENT),
        ] {
            assert_eq!(desk.send(&format!("{line}\n{condition}"), body).status, 404, "{line} {condition}");
        }
    }
}

#[test]
fn a_repeated_comment_gets_its_first_answer_at_a_later_version_too() {
    for condition in [
        "if-match: \"2\"",
        "if-match: \"7\", \"2\"",
        "if-match: *",
        "if-none-match: \"1\"",
        "if-none-match: \"7\"\nif-match: \"2\"",
    ] {
        let desk = at_version_2();
        let line = comment(&format!("idempotency-key: k-1\n{condition}"));
        let first = desk.send(&line, COMMENT);
        assert_eq!(first.status, 200, "{condition}");
        assert_eq!(desk.send(&line, COMMENT), first, "{condition}");
        assert_eq!(desk.send(&patch(""), r#"{"status":"cancelled"}"#).status, 200);
        assert_eq!(desk.send(&line, COMMENT), first, "{condition}");
        assert_eq!(desk.send(&line, r#"{"comment":"Another."}"#).status, 422, "{condition}");
        assert_eq!(comments(&desk), 2, "{condition}");
    }
    // Also if the repeat has another condition.
    let desk = at_version_2();
    let first = desk.send(&comment("idempotency-key: k-1"), COMMENT);
    for condition in ["if-none-match: *", "if-match: \"x\"", "if-match: W/\"3\"", "if-none-match: \"3\""] {
        assert_eq!(
            desk.send(&comment(&format!("idempotency-key: k-1\n{condition}")), COMMENT),
            first,
            "{condition}"
        );
    }
}

#[test]
fn a_comment_on_a_version_loses_to_a_change_that_comes_in_between() {
    for condition in ["if-match: \"2\"", "if-match: \"2\", \"1\"", "if-none-match: \"3\""] {
        let desk = at_version_2();
        desk.store.races.set(1);
        assert!(is_version_conflict(&desk.send(&comment(condition), COMMENT)), "{condition}");
        assert_eq!(comments(&desk), 1, "{condition}");
    }
    let desk = at_version_2();
    desk.store.races.set(8);
    assert_eq!(
        desk.send(&comment("if-none-match: \"1\""), COMMENT).status,
        200,
        "any other version is right"
    );
    desk.store.races.set(9);
    assert_eq!(desk.send(&comment("if-none-match: \"1\""), COMMENT).status, 503);
}

#[test]
fn a_version_conflict_is_reported_before_a_final_status() {
    let desk = Desk::with_a_ticket_that_is(&["cancelled"]);
    assert!(is_version_conflict(&desk.send(&comment("if-match: \"1\""), COMMENT)));
    assert_eq!(desk.send(&comment("if-match: \"2\""), COMMENT).status, 409);
    assert_eq!(desk.send(&comment("if-none-match: \"1\""), COMMENT).status, 409);
}

#[test]
fn a_comment_whose_version_cannot_be_read_is_not_made() {
    let desk = at_version_2();
    desk.store.error.set(Some(Error::Unavailable));
    assert_eq!(desk.send(&comment("if-none-match: *"), COMMENT).status, 503);
    desk.store.error.set(None);
    desk.store.update.replace(Some(Update::Missing));
    assert_eq!(desk.send(&comment("if-match: \"2\""), COMMENT).status, 404);
}

#[test]
fn a_ticket_that_is_not_created_yet_matches_nothing() {
    let desk = Desk::new();
    desk.check("POST /tickets\nif-match: *", TICKET, expect![[r#"
        412 create_ticket
        content-type: application/json
        {"message":"A ticket that is not created yet has no version, so it cannot meet If-Match. Leave If-Match out.","type":"about:blank","title":"Precondition Failed","status":412,"detail":"A ticket that is not created yet has no version, so it cannot meet If-Match. Leave If-Match out."}
    "#]]);
    for unmet in ["\"1\"", "W/\"1\"", "\"x\"", "*\nif-none-match: *"] {
        let line = format!("POST /tickets\nif-match: {unmet}");
        assert_eq!(desk.calls(&line, TICKET), 0, "{unmet}");
        assert_eq!(desk.send(&line, TICKET).status, 412, "{unmet}");
    }
    for malformed in ["if-match: 1", "if-none-match: 1", "if-none-match: *, \"1\"", "if-match:"] {
        assert_eq!(desk.send(&format!("POST /tickets\n{malformed}"), TICKET).status, 400, "{malformed}");
    }
    for met in ["*", "\"1\"", "W/\"1\", \"x\""] {
        assert_eq!(desk.send(&format!("POST /tickets\nif-none-match: {met}"), TICKET).status, 201, "{met}");
    }
}

#[test]
fn a_list_is_there_and_has_no_tag() {
    let desk = Desk::with_a_ticket();
    for method in ["GET", "HEAD"] {
        let list = |headers: &str| desk.send(&format!("{method} /tickets?caller=ada\n{headers}"), "").status;
        assert_eq!(list("if-match: *"), 200);
        assert_eq!(list("if-match: \"1\""), 412);
        assert_eq!(list("if-match: 1"), 400);
        assert_eq!(list("if-none-match: *"), 304);
        assert_eq!(list("if-none-match: \"1\""), 200);
        assert_eq!(list("if-none-match: 1"), 200);
        assert_eq!(list("if-match: \"1\"\nif-none-match: *"), 412);
    }
    assert_eq!(desk.send("GET /tickets\nif-none-match: *", "").status, 400);
    desk.check("GET /tickets?caller=ada\nif-match: \"1\"", "", expect![[r#"
        412 list_recent_tickets
        content-type: application/json
        {"message":"A list has no version, so only `*` meets If-Match. Leave If-Match out.","type":"about:blank","title":"Precondition Failed","status":412,"detail":"A list has no version, so only `*` meets If-Match. Leave If-Match out."}
    "#]]);
}
