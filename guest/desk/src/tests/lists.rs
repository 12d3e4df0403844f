use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use expect_test::expect;

use super::env::{Desk, FIRST, json};
use crate::Response;

fn with_tickets(count: usize, caller: &str) -> Desk {
    let desk = Desk::new();
    for number in 0..count {
        let body = format!(r#"{{"caller_id":"{caller}","issue_description":"{number}"}}"#);
        assert_eq!(desk.post("/tickets", &body).status, 201);
    }
    desk
}

fn issues(response: &Response) -> Vec<String> {
    let list = json(response);
    let tickets = list["tickets"].as_array().unwrap().iter();
    tickets.map(|ticket| ticket["issue_description"].as_str().unwrap().into()).collect()
}

#[test]
fn a_list_shows_tickets_with_the_number_of_their_comments() {
    let desk = Desk::with_a_ticket();
    desk.post(&format!("/tickets/{FIRST}/comments"), r#"{"comment":"None at all?"}"#);
    desk.check("GET /tickets?caller=ada", "", expect![[r#"
        200 list_recent_tickets
        content-type: application/json
        {"tickets":[{"ticket_id":"01000000-0000-4000-8000-000000000000","caller_id":"ada","issue_description":"No ink.","status":"open","created_at":"2026-11-22T14:00:00.123456Z","updated_at":"2026-11-22T14:00:01.123456Z","comment_count":1}]}
    "#]]);
}

#[test]
fn a_list_is_read_with_one_call_of_the_store() {
    assert_eq!(with_tickets(12, "ada").calls("GET /tickets?caller=ada", ""), 1);
}

#[test]
fn a_caller_without_tickets_has_an_empty_list() {
    Desk::with_a_ticket().check(
        "GET /tickets?caller=bob",
        "",
        expect![[r#"
        200 list_recent_tickets
        content-type: application/json
        {"tickets":[]}
    "#]],
    );
}

#[test]
fn the_newest_ten_come_first_and_lead_to_the_rest() {
    let desk = with_tickets(12, "ada");
    let first = desk.send("GET /tickets?caller=ada", "");
    assert_eq!(issues(&first), ["11", "10", "9", "8", "7", "6", "5", "4", "3", "2"]);
    let (_, link) = first.headers.iter().find(|(name, _)| name == "link").unwrap();
    let target = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    let second = desk.send(&format!("GET {target}"), "");
    assert_eq!(issues(&second), ["1", "0"]);
    assert!(json(&second).get("next_cursor").is_none());
    assert!(second.headers.iter().all(|(name, _)| name != "link"));
}

#[test]
fn paging_shows_every_ticket_once() {
    let desk = with_tickets(7, "ada");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = desk.send(&format!("GET /tickets?caller=ada&limit=3{cursor}"), "");
        seen.extend(issues(&page));
        match json(&page)["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"]);
}

#[test]
fn a_link_names_the_caller_however_it_is_written() {
    let desk = with_tickets(2, "Ada & ünï/+");
    desk.check("GET /tickets?caller=Ada+%26%20%C3%BCn%c3%af/%2B&limit=1", "", expect![[r#"
        200 list_recent_tickets
        content-type: application/json
        link: </tickets?caller=Ada%20%26%20%C3%BCn%C3%AF%2F%2B&limit=1&cursor=13~2026-11-22T14%3A00%3A01.123456Z~02000000-0000-4000-8000-000000000000>; rel="next"
        {"tickets":[{"ticket_id":"02000000-0000-4000-8000-000000000000","caller_id":"Ada & ünï/+","issue_description":"1","status":"open","created_at":"2026-11-22T14:00:01.123456Z","updated_at":"2026-11-22T14:00:01.123456Z","comment_count":0}],"next_cursor":"13~2026-11-22T14:00:01.123456Z~02000000-0000-4000-8000-000000000000"}
    "#]]);
}

#[test]
fn a_cursor_of_another_list_is_refused() {
    let desk = with_tickets(2, "ada");
    let cursor =
        json(&desk.send("GET /tickets?caller=ada&limit=1", ""))["next_cursor"].as_str().unwrap().to_owned();
    desk.check(&format!("GET /tickets?caller=someone&cursor={cursor}"), "", expect![[r#"
        400 list_recent_tickets
        content-type: application/json
        {"message":"The cursor is not one of this list; start without a cursor.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The cursor is not one of this list; start without a cursor.","errors":[{"field":"cursor","message":"The cursor is not one of this list; start without a cursor."}]}
    "#]]);
    assert_eq!(desk.send("GET /tickets?caller=ada&cursor=forged", "").status, 400);
}

#[test]
fn a_list_without_a_caller_is_refused_in_the_words_of_api_gateway() {
    Desk::new().check("GET /tickets", "", expect![[r#"
        400 list_recent_tickets
        content-type: application/json
        {"message":"Missing required request parameters: [caller]","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"Missing required request parameters: [caller]","errors":[{"field":"caller","message":"Missing required request parameters: [caller]"}]}
    "#]]);
    assert_eq!(Desk::new().calls("GET /tickets?", ""), 0);
}

#[test]
fn everything_that_is_wrong_with_a_query_is_named_at_once() {
    Desk::new().check("GET /tickets?limit=0&limit=1&cursor=&status=open", "", expect![[r#"
        400 list_recent_tickets
        content-type: application/json
        {"message":"The parameter `limit` is given more than once. The parameter `status` is not known. The parameter `cursor` has 1 to 512 characters. Missing required request parameters: [caller]","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The parameter `limit` is given more than once. The parameter `status` is not known. The parameter `cursor` has 1 to 512 characters. Missing required request parameters: [caller]","errors":[{"field":"limit","message":"The parameter `limit` is given more than once."},{"field":"status","message":"The parameter `status` is not known."},{"field":"cursor","message":"The parameter `cursor` has 1 to 512 characters."},{"field":"caller","message":"Missing required request parameters: [caller]"}]}
    "#]]);
}

#[test]
fn a_limit_is_1_to_100() {
    let desk = Desk::new();
    for limit in ["0", "101", "-1", "%2B5", "+5", "5.0", "1e1", "", "99999999999999999999", "%D9%A1"] {
        assert_eq!(desk.send(&format!("GET /tickets?caller=a&limit={limit}"), "").status, 400, "{limit}");
    }
    for limit in ["1", "100", "007"] {
        assert_eq!(desk.send(&format!("GET /tickets?caller=a&limit={limit}"), "").status, 200, "{limit}");
    }
}

#[test]
fn a_cursor_has_at_most_512_characters() {
    let message = "The parameter `cursor` has 1 to 512 characters.";
    let answer = Desk::new().send(&format!("GET /tickets?caller=a&cursor={}", "c".repeat(513)), "");
    assert_eq!(json(&answer)["message"], message);
    let answer = Desk::new().send(&format!("GET /tickets?caller=a&cursor={}", "c".repeat(512)), "");
    assert_ne!(json(&answer)["message"], message);
}

#[test]
fn a_caller_follows_the_rules_of_a_caller_id() {
    let desk = Desk::new();
    for caller in ["", "%00", "a%0B", "a%C2%85", &"a".repeat(129)] {
        assert_eq!(desk.send(&format!("GET /tickets?caller={caller}"), "").status, 400, "{caller}");
    }
    assert_eq!(desk.send(&format!("GET /tickets?caller={}", "%F0%9F%A6%80".repeat(128)), "").status, 200);
}

#[test]
fn a_query_that_is_not_well_formed_is_refused() {
    let desk = Desk::new();
    desk.check("GET /tickets?caller=%zz", "", expect![[r#"
        400 list_recent_tickets
        content-type: application/json
        {"message":"The query is not valid: two hexadecimal digits must follow each %, and the decoded text must be UTF-8.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The query is not valid: two hexadecimal digits must follow each %, and the decoded text must be UTF-8."}
    "#]]);
    for query in ["caller=%", "caller=%4", "caller=%ff", "%ff=1", "caller=ada&x=%C3"] {
        assert_eq!(desk.send(&format!("GET /tickets?{query}"), "").status, 400, "{query}");
    }
}
