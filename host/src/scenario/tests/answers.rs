//! What is expected of an answer, and what is reported of it.

use std::sync::Mutex;

use serde_json::json;

use super::{Told, done};

#[tokio::test]
async fn a_failed_expectation_shows_what_was_found_and_what_was_wanted() {
    let answer = r#"{"status": "open", "pets": [{"name": "Tom"}], "owner": {"id": 7, "tags": ["a", "b"]}}"#;
    for (expect, lines) in [
        ("201", "status | wanted 201 | found 200"),
        ("[201, 204]", "status | wanted 201 or 204 | found 200"),
        ("{lost: true}", "answer | wanted no answer: it is lost | found status 200"),
        ("{body: {/status: closed}}", "body /status | wanted \"closed\" | found \"open\""),
        ("{body: {/status: {not: open}}}", "body /status | wanted not \"open\" | found \"open\""),
        (
            "{body: {/status: {contains: x}}}",
            "body /status | wanted something that contains \"x\" | found \"open\"",
        ),
        ("{body: {/status: {present: false}}}", "body /status | wanted absent | found \"open\""),
        ("{body: {/pets: {length: 2}}}", "body /pets | wanted a length of 2 | found a length of 1"),
        (
            "{body: {/pets/3/name: Tom}}",
            "body /pets/3/name | wanted \"Tom\" | found absent | nearest /pets has 1 entries",
        ),
        (
            "{body: {/state: {present: true}}}",
            "body /state | wanted present | found absent | nearest the body has the members owner, pets, status",
        ),
        (
            "{body: {/owner: {id: 7, tags: [a, c]}}}",
            "body /owner | wanted {\"id\":7,\"tags\":[\"a\",\"c\"]} | found {\"id\":7,\"tags\":[\"a\",\"b\"]} | nearest /tags/1 is \"b\", wanted \"c\"",
        ),
        (
            "{headers: {location: {present: true}}}",
            "header location | wanted present | found absent | nearest the headers are etag",
        ),
        ("{headers: {etag: '\"8\"'}}", "header etag | wanted \"\\\"8\\\"\" | found \"\\\"7\\\"\""),
    ] {
        let world = Told::answers([(200, answer)]);
        let report =
            done(&world, &format!("  - {{op: read_pet, path: {{name: x}}, expect: {expect}}}")).await;
        assert!(!report.held);
        let text = report.to_string();
        let at = text.find("[line").expect(expect);
        let found: Vec<String> = text[at..]
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let (answer, failure) = found.split_last().unwrap();
        assert_eq!(failure.join(" | "), lines, "{expect}");
        assert!(answer.starts_with("answer {\"status\""), "{answer}");
    }
}

#[tokio::test]
async fn expectations_that_hold_are_ticked() {
    let answer = r#"{"status": "open", "pets": [1, 2], "none": null, "owner": {"id": 7, "name": "A"}}"#;
    for expect in [
        "200",
        "[404, 200]",
        "{body: {/status: open, /pets/1: 2, /pets: {contains: 1, length: 2}, /owner: {contains: {id: 7}}}}",
        "{body: {/status: {contains: pe, not: shut}, /none: null, /no: {present: false}, '': {present: true}}}",
        "{body: {/owner: {equals: {id: 7, name: A}}, /pets: [1, 2]}, headers: {ETag: {contains: 7}}}",
    ] {
        let world = Told::answers([(200, answer)]);
        let report =
            done(&world, &format!("  - {{op: read_pet, path: {{name: x}}, expect: {expect}}}")).await;
        assert!(report.held, "{expect}: {report}");
        assert!(report.to_string().contains("✓     1  read_pet -> 200\n"), "{report}");
    }
}

#[tokio::test]
async fn without_an_expectation_only_success_will_do() {
    for (status, held) in [(200, true), (204, true), (304, false), (404, false), (500, false)] {
        let report = done(&Told::answers([(status, "")]), "  - {op: read_pet, path: {name: x}}").await;
        assert_eq!(report.held, held, "{status}");
    }
}

#[tokio::test]
async fn a_lost_answer_holds_only_where_it_is_expected() {
    let lost = || Told { answers: Mutex::new([None].into()), ..Told::default() };
    let report = done(&lost(), "  - {op: create_pet, body: 1, expect: {lost: true}}").await;
    assert!(report.held, "{report}");
    let report = done(&lost(), "  - {op: create_pet, body: 1}").await;
    assert_eq!(report.steps[1].failures[0].found, "no answer: it is lost");
}

#[tokio::test]
async fn the_report_is_json_with_every_step() {
    let world = Told::answers([(200, "{}"), (404, r#"{"message": "no"}"#)]);
    let read = "  - {op: read_pet, path: {name: x}}\n";
    let report = done(&world, &read.repeat(3)).await;
    let mut json = serde_json::to_value(&report).unwrap();
    assert!(json["took_us"].is_u64());
    for step in json["steps"].as_array_mut().unwrap() {
        assert!(step["took_us"].take().is_u64());
    }
    let failure = json!({"what": "status", "wanted": "200 to 299", "found": "404"});
    let found = json!({"status": 404, "body": r#"{"message": "no"}"#});
    assert_eq!(
        json["steps"],
        json!([
            {"number": "start", "title": "reset", "outcome": "held", "took_us": null},
            {"number": "1", "line": 4, "title": "read_pet", "outcome": "held", "took_us": null, "found": {"status": 200}},
            {"number": "2", "line": 5, "title": "read_pet", "outcome": "failed", "took_us": null,
             "failures": [failure], "found": found},
            {"number": "3", "line": 6, "title": "read_pet", "outcome": "not_done", "took_us": null},
        ])
    );
    assert_eq!((&json["held"], &json["mode"], &json["name"]), (&json!(false), &json!("run"), &json!("pets")));
}
