use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use expect_test::expect;

use super::env::{ABSENT, Desk, FIRST, json};
use crate::store::{Entry, Fields, Item};

fn get(headers: &str) -> String {
    format!("GET /tickets/{FIRST}\n{headers}")
}

#[test]
fn a_ticket_is_shown_with_its_comments() {
    let desk = Desk::with_a_ticket();
    desk.post(&format!("/tickets/{FIRST}/comments"), r#"{"comment":"None at all?","author":"bob"}"#);
    desk.check(&get(""), "", expect![[r#"
        200 get_ticket_status
        content-type: application/json
        etag: "2"
        {"ticket_id":"01000000-0000-4000-8000-000000000000","caller_id":"ada","issue_description":"No ink.","status":"open","created_at":"2026-11-22T14:00:00.123456Z","updated_at":"2026-11-22T14:00:01.123456Z","comments":[{"comment_id":"02000000-0000-4000-8000-000000000000","comment":"None at all?","author":"bob","created_at":"2026-11-22T14:00:01.123456Z"}]}
    "#]]);
}

#[test]
fn a_ticket_is_read_with_one_call_of_the_store() {
    assert_eq!(Desk::with_a_ticket().calls(&get(""), ""), 1);
}

#[test]
fn a_ticket_that_does_not_exist_is_not_found() {
    Desk::new().check(&format!("GET /tickets/{ABSENT}"), "", expect![[r#"
        404 get_ticket_status
        content-type: application/json
        {"message":"There is no ticket 11111111-1111-4111-8111-111111111111.","type":"about:blank","title":"Not Found","status":404,"detail":"There is no ticket 11111111-1111-4111-8111-111111111111."}
    "#]]);
}

#[test]
fn what_cannot_be_a_ticket_id_is_not_found_before_the_store_is_called() {
    let desk = Desk::with_a_ticket();
    desk.check("GET /tickets/7", "", expect![[r#"
        404 get_ticket_status
        content-type: application/json
        {"message":"There is no ticket 7.","type":"about:blank","title":"Not Found","status":404,"detail":"There is no ticket 7."}
    "#]]);
    for name in
        ["7", "%2e%2e", "0A000000-0000-4000-8000-000000000000", "01000000000040008000000000000000", "%00"]
    {
        for line in ["GET /tickets/{}", "PATCH /tickets/{}", "POST /tickets/{}/comments"] {
            let line = line.replace("{}", name);
            assert_eq!(desk.calls(&line, "{}"), 0, "{line}");
            assert_eq!(desk.send(&line, "{}").status, 404, "{line}");
        }
    }
}

#[test]
fn a_long_name_that_is_no_ticket_is_cut_in_the_answer() {
    let answer = Desk::new().send(&format!("GET /tickets/{}%0A{}", "a".repeat(60), "b".repeat(9_000)), "");
    assert_eq!(json(&answer)["message"], format!("There is no ticket {}\u{fffd}bbb....", "a".repeat(60)));
}

#[test]
fn a_percent_encoded_path_is_the_same_path() {
    assert_eq!(Desk::with_a_ticket().send(&format!("GET /%74ickets/%30{}", &FIRST[1..]), "").status, 200);
}

#[test]
fn a_client_that_has_the_ticket_already_gets_no_body() {
    let desk = Desk::with_a_ticket();
    desk.check(
        &get("if-none-match: \"1\""),
        "",
        expect![[r#"
        304 get_ticket_status
        etag: "1"
    "#]],
    );
    for tags in
        ["*", "W/\"1\"", "\"0\", \"1\"", ", \"0\",,\t\"1\" ,", "\"a,b\",\"1\"", "\"0\"\nif-none-match: \"1\""]
    {
        assert_eq!(desk.send(&get(&format!("if-none-match: {tags}")), "").status, 304, "{tags}");
    }
}

#[test]
fn a_client_that_has_another_version_gets_the_ticket() {
    let desk = Desk::with_a_ticket();
    for tags in [
        "\"2\"",
        "\"01\"",
        "\"+1\"",
        "1",
        "\"1",
        "\"1\" \"1\"",
        "*, \"1\"",
        "w/\"1\"",
        "\"1\";x",
        "\" 1\"",
        "",
    ] {
        assert_eq!(desk.send(&get(&format!("if-none-match: {tags}")), "").status, 200, "{tags}");
    }
}

#[test]
fn a_ticket_has_no_parameters() {
    Desk::with_a_ticket().check(&format!("GET /tickets/{FIRST}?verbose"), "", expect![[r#"
        400 get_ticket_status
        content-type: application/json
        {"message":"The parameter `verbose` is not known.","type":"urn:portdesk:problem:validation","title":"Invalid request","status":400,"detail":"The parameter `verbose` is not known.","errors":[{"field":"verbose","message":"The parameter `verbose` is not known."}]}
    "#]]);
}

/// The item that another program stored under [`FIRST`].
fn foreign(fields: &[(&str, &str)], comments: &[&[(&str, &str)]]) -> Item {
    let owned =
        |fields: &[(&str, &str)]| fields.iter().map(|&(n, v)| (n.into(), v.into())).collect::<Fields>();
    let entries: Vec<_> =
        comments.iter().map(|comment| Entry { id: "c".into(), fields: owned(comment) }).collect();
    Item {
        key: FIRST.into(),
        version: 0,
        fields: owned(fields),
        lists: [("comments".into(), entries)].into(),
    }
}

const WHOLE: [(&str, &str); 6] = [
    ("caller_id", "ada"),
    ("created_at", "2026-11-22T15:00:00+01:00"),
    ("issue_description", ""),
    ("priority", "high"),
    ("status", "on_hold"),
    ("updated_at", "2026-11-22T13:00:00Z"),
];

#[test]
fn a_ticket_of_another_program_is_shown_in_the_usual_form() {
    let desk = Desk::new();
    let comment = [("comment", "From afar"), ("created_at", "2026-11-22T14:00:00Z")];
    desk.store.memory.plant(foreign(&WHOLE, &[&comment]));
    desk.check(&get(""), "", expect![[r#"
        200 get_ticket_status
        content-type: application/json
        etag: "0"
        {"ticket_id":"01000000-0000-4000-8000-000000000000","caller_id":"ada","issue_description":"","status":"on_hold","created_at":"2026-11-22T14:00:00.000000Z","updated_at":"2026-11-22T14:00:00.000000Z","comments":[{"comment_id":"c","comment":"From afar","created_at":"2026-11-22T14:00:00.000000Z"}]}
    "#]]);
}

#[test]
fn a_time_of_another_program_that_lacks_its_zone_is_in_utc() {
    let desk = Desk::new();
    let fields = WHOLE.map(|(name, value)| match name {
        "created_at" => (name, "2026-11-22T14:00:00"),
        "updated_at" => (name, "2026-11-22T14:00:00.123456"),
        _ => (name, value),
    });
    desk.store.memory.plant(foreign(&fields, &[]));
    for ticket in [
        json(&desk.send(&get(""), "")),
        json(&desk.send("GET /tickets?caller=ada", ""))["tickets"][0].clone(),
    ] {
        assert_eq!(ticket["created_at"], "2026-11-22T14:00:00.000000Z");
        assert_eq!(ticket["updated_at"], "2026-11-22T14:00:00.123456Z");
    }
}

#[test]
fn a_comment_of_another_program_is_shown_whatever_it_lacks() {
    let desk = Desk::new();
    let comments: [&[(&str, &str)]; 5] = [
        &[("comment", "When?")],
        &[("comment", "When?"), ("created_at", "long ago")],
        &[("comments", "A plain text"), ("rank", "7")],
        &[("author", "eva"), ("created_at", "2026-11-22T14:00:05")],
        &[],
    ];
    desk.store.memory.plant(foreign(&WHOLE, &comments));
    let shown = json(&desk.send(&get(""), ""))["comments"].clone();
    let comment = |text: &str, second: u32| {
        let created_at = format!("2026-11-22T14:00:{second:02}.000000Z");
        serde_json::json!({ "comment_id": "c", "comment": text, "created_at": created_at })
    };
    let mut by_eva = comment("", 5);
    by_eva["author"] = "eva".into();
    let expected =
        [comment("When?", 0), comment("When?", 0), comment("A plain text", 0), by_eva, comment("", 0)];
    assert_eq!(shown, serde_json::Value::from(expected.to_vec()));
}

#[test]
fn a_ticket_that_lacks_a_field_or_has_a_strange_one_is_corrupt() {
    let desk = Desk::new();
    for lost in WHOLE.map(|(name, _)| name).into_iter().filter(|name| *name != "priority") {
        let fields: Vec<_> = WHOLE.into_iter().filter(|(name, _)| *name != lost).collect();
        desk.store.memory.plant(foreign(&fields, &[]));
        assert_eq!(desk.send(&get(""), "").status, 500, "{lost}");
    }
    for strange in ["created_at", "status", "updated_at"] {
        let fields = WHOLE.map(|(name, value)| (name, if name == strange { "?" } else { value }));
        desk.store.memory.plant(foreign(&fields, &[]));
        assert_eq!(desk.send(&get(""), "").status, 500, "{strange}");
    }
    desk.check(&get(""), "", expect![[r#"
        500 get_ticket_status
        content-type: application/json
        {"message":"The stored data is damaged; an operator has to restore it.","type":"urn:portdesk:problem:corrupt","title":"Corrupt item","status":500,"detail":"The stored data is damaged; an operator has to restore it."}
    "#]]);
}

#[test]
fn a_list_leaves_out_what_cannot_be_read_and_says_how_much() {
    let desk = Desk::with_a_ticket();
    let fields = WHOLE.map(|(name, value)| (name, if name == "status" { "lost" } else { value }));
    desk.store.memory.plant(Item { key: ABSENT.into(), ..foreign(&fields, &[]) });
    let listed = json(&desk.send("GET /tickets?caller=ada", ""));
    assert_eq!(listed["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(listed["tickets"][0]["ticket_id"], FIRST);
    assert_eq!(listed["skipped"], 1);
}
