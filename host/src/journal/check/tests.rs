//! Claims about checks.

use std::convert::Infallible;

use serde_json::json;
use tokio::time::timeout;

use super::*;
use crate::journal::Via;
use crate::journal::tests::{SPACE, Told, reset};

fn assertions(json: &Value) -> Assertions {
    Assertions::parse(json.to_string().as_bytes()).expect("the assertions are well-formed")
}

fn refused(json: &Value) -> String {
    Assertions::parse(json.to_string().as_bytes())
        .expect_err("the assertions are not well-formed")
        .to_string()
}

/// Three calls of one client: one is written, refused, written again.
fn journal() -> Journal {
    let journal = Journal::new(0);
    let plain = Told { operation: "change", client: "triage", ..Told::default() };
    let first = Told {
        operation: "create",
        status: 201,
        request: br#"{"name":"Ada","tags":["a","b"],"size":2}"#.to_vec(),
        answer: br#"{"id":"k1","request":{"id":7}}"#.to_vec(),
        items: &["k1"],
        ..plain.clone()
    };
    first.write(&journal);
    Told { status: 409, request: br#"{"status":"closed"}"#.to_vec(), ..plain.clone() }.write(&journal);
    Told { request: br#"{"status":"open"}"#.to_vec(), ..plain }.write(&journal);
    journal
}

fn judge(assertions_json: &Value) -> Verdict {
    let calls = journal().all_calls(&Filter::default());
    check(&assertions(assertions_json), &calls, &[], None)
}

fn failures(verdict: Verdict) -> Vec<Failure> {
    match verdict {
        Verdict::Failed(failures) => failures,
        Verdict::Held => panic!("something fails"),
    }
}

#[test]
fn what_was_done_holds() {
    for calls in [
        json!([{"op": "create", "key": "triage", "status": 201, "item": "k1"}]),
        json!([{"where": {"/name": "Ada", "/size": 2.0, "/tags": ["a", "b"], "/tags/1": "b"}}]),
        json!([{"where": {"/request/name": "Ada", "/answer/id": "k1", "/answer/request/id": 7}}]),
        json!([{"where": {"/name": {"contains": "da"}, "/tags": {"contains": "a"}, "/none": {"present": false}}}]),
        json!([{"where": {"/answer/request": {"equals": {"id": 7}}, "/answer": {"present": true}}}]),
        json!([{"op": "change", "count": {"min": 2, "max": 2}}, {"op": "delete", "count": {"max": 0}}]),
    ] {
        assert_eq!(judge(&json!({"calls": calls})), Verdict::Held, "{calls}");
    }
}

#[test]
fn what_was_not_done_fails() {
    for calls in [
        json!([{"op": "create", "status": 200}]),
        json!([{"key": "other"}]),
        json!([{"item": "k2"}]),
        json!([{"via": "mcp"}]),
        json!([{"where": {"/size": "2"}}]),
        json!([{"where": {"/name": {"contains": "ada"}}}]),
        json!([{"where": {"/tags": {"contains": "c"}}}]),
        json!([{"where": {"/answer/name": "Ada"}}]),
        json!([{"op": "change", "count": {"max": 1}}]),
        json!([{"op": "change", "count": {"min": 3}}]),
    ] {
        assert_eq!(failures(judge(&json!({"calls": calls}))).len(), 1, "{calls}");
    }
}

#[test]
fn the_nearest_miss_says_how_it_differs() {
    let verdict =
        judge(&json!({"calls": [{"op": "change", "status": 200, "where": {"/status": "resolved"}}]}));
    assert_eq!(
        serde_json::to_value(verdict).unwrap(),
        json!({"held": false, "failures": [{
            "what": "calls[0]: at least 1 call of change",
            "found": 0,
            "nearest": {"n": 3, "differs": ["/status: open, wanted resolved"]},
        }]})
    );
    let differs = |calls: Value| failures(judge(&json!({"calls": [calls]}))).remove(0).nearest.unwrap();
    assert_eq!(differs(json!({"op": "remove"})).differs, ["op: change, wanted remove"]);
    let nearest = differs(json!({"op": "create", "key": "bot", "status": 200, "where": {"/size": "2"}}));
    assert_eq!(nearest.n, Some(1), "the same operation is nearer than the same status");
    assert_eq!(
        nearest.differs,
        ["key: triage, wanted bot", "status: 201, wanted 200", "/size: 2, wanted \"2\""]
    );
    let nearest = differs(json!({"op": "create", "where": {"/none": "x"}}));
    assert_eq!(nearest.differs, ["/none: nothing, wanted \"x\""]);
}

#[test]
fn a_count_above_its_range_names_the_calls() {
    let failure = failures(judge(&json!({"calls": [{"op": "change", "count": {"max": 1}}]}))).remove(0);
    assert_eq!(failure.what, "calls[0]: at most 1 call of change");
    assert_eq!((failure.found, failure.matched, failure.nearest), (Found::Count(2), vec![2, 3], None));
}

#[test]
fn calls_must_come_in_their_order_if_that_is_asked() {
    let calls = |order: [&str; 3]| {
        let calls = order.map(|op| json!({"op": op}));
        judge(&json!({"order": true, "calls": calls}))
    };
    assert_eq!(calls(["create", "change", "change"]), Verdict::Held);
    let failure = failures(calls(["change", "create", "change"])).remove(0);
    assert_eq!(failure.what, "order: calls[1], call of create, after call 2");
    assert_eq!(
        judge(&json!({"calls": [{"op": "change"}, {"op": "create"}]})),
        Verdict::Held,
        "without order"
    );
    let twice = json!([{"op": "create"}, {"op": "delete", "count": {"max": 0}}, {"op": "change", "count": {"min": 2}}]);
    assert_eq!(judge(&json!({"order": true, "calls": twice})), Verdict::Held);
    let once_more = json!([{"op": "change", "count": {"min": 2}}, {"op": "change", "status": 200}]);
    assert_eq!(
        failures(judge(&json!({"order": true, "calls": once_more}))).len(),
        1,
        "each call counts once"
    );
}

#[test]
fn what_must_never_be_done_fails_when_it_is_done() {
    assert_eq!(judge(&json!({"never": [{"op": "delete"}, {"op": "change", "status": 500}]})), Verdict::Held);
    let failure = failures(judge(&json!({"never": [{"where": {"/status": "closed"}}]}))).remove(0);
    assert_eq!(failure.what, "never[0]: no call");
    assert_eq!((failure.found, failure.matched), (Found::Count(1), vec![2]));
}

#[test]
fn seeds_and_calls_of_people_and_open_calls_do_not_count() {
    let journal = Journal::new(0);
    let told = Told { operation: "create", ..Told::default() };
    Told { via: Via::Seed, ..told.clone() }.write(&journal);
    Told { via: Via::Console, ..told.clone() }.write(&journal);
    let n = told.begin(&journal);
    let held =
        |json: &Value| check(&assertions(json), &journal.all_calls(&Filter::default()), &[], None).is_held();
    assert!(held(&json!({"never": [{"op": "create"}]})));
    assert!(held(&json!({"calls": [{"op": "create", "via": "seed", "count": {"min": 1, "max": 1}}]})));
    told.end(&journal, n);
    assert!(!held(&json!({"never": [{"op": "create"}]})));
}

#[test]
fn items_are_judged_by_fields_and_lists() {
    let items = [
        json!({"key": "k1", "fields": {"status": "open", "by": "ada"}, "lists": {"notes": [{}, {}]}}),
        json!({"key": "k2", "fields": {"status": "done"}, "lists": {}}),
    ];
    let judge = |json: Value| check(&assertions(&json!({"items": [json]})), &[], &items, None);
    for held in [
        json!({"where": {"/status": "open"}, "lists": {"notes": {"min": 1}}}),
        json!({"where": {"/key": "k2"}, "lists": {"notes": {"max": 0}}}),
        json!({"where": {"/fields/by": "ada"}, "count": {"min": 1, "max": 1}}),
        json!({"count": {"min": 2, "max": 2}}),
        json!({"where": {"/status": "lost"}, "count": {"max": 0}}),
    ] {
        assert_eq!(judge(held.clone()), Verdict::Held, "{held}");
    }
    let failure =
        failures(judge(json!({"where": {"/status": "done"}, "lists": {"notes": {"min": 1}}}))).remove(0);
    assert_eq!(failure.what, "items[0]: at least 1 item");
    let nearest = failure.nearest.unwrap();
    assert_eq!((nearest.n, nearest.key.as_deref()), (None, Some("k1")), "the first of two that miss equally");
    assert_eq!(nearest.differs, ["/status: open, wanted done"]);
}

#[test]
fn the_hash_must_be_equal() {
    let hash = assertions(&json!({"hash": "ab12"}));
    assert!(check(&hash, &[], &[], Some("ab12")).is_held());
    let failure = failures(check(&hash, &[], &[], Some("cd"))).remove(0);
    assert_eq!((failure.what.as_str(), failure.found), ("hash: ab12", Found::Text(Some("cd".to_owned()))));
    assert_eq!(failures(check(&hash, &[], &[], None)).remove(0).found, Found::Text(None));
}

#[test]
fn a_cut_body_is_named_as_the_reason() {
    let journal = Journal::new(0);
    let long = format!("{{\"name\":\"{}\"}}", "x".repeat(70_000));
    Told { request: long.into_bytes(), answer: b"plain".to_vec(), ..Told::default() }.write(&journal);
    let calls = journal.all_calls(&Filter::default());
    let wanted = assertions(&json!({"calls": [{"where": {"/name": {"present": true}, "/answer/a": 1}}]}));
    let nearest = failures(check(&wanted, &calls, &[], None)).remove(0).nearest.unwrap();
    assert_eq!(
        nearest.differs,
        [
            "/answer/a: nothing, wanted 1 (the body is not JSON)",
            "/name: nothing, wanted any value (the journal kept only the beginning of the body)"
        ]
    );
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_name() {
    for (json, part) in [
        (json!({}), "they assert nothing"),
        (json!({"call": []}), "unknown field `call`"),
        (json!({"calls": [{"operation": "x"}]}), "unknown field `operation`"),
        (json!({"calls": [{"count": {"most": 1}}]}), "unknown field `most`"),
        (json!({"calls": [{"count": {}}]}), "needs min, max or both"),
        (json!({"calls": [{"count": {"min": 2, "max": 1}}]}), "above its max"),
        (json!({"calls": [{"where": {"status": 1}}]}), "write \"/status\""),
        (json!({"calls": [{"where": {"/status": {"like": "x"}}}]}), "exactly one of equals"),
        (json!({"calls": [{"where": {"/status": {"contains": 1}}}]}), "contains in where must be a text"),
        (json!({"calls": [{"where": {"/status": {"present": 1}}}]}), "present in where must be"),
        (json!({"calls": [{"where": {"/a": "x".repeat(5_000)}}]}), "more than 4096 bytes"),
        (json!({"calls": [{"op": "x".repeat(513)}]}), "more than 512 bytes"),
        (json!({"never": [{"count": {"max": 2}}]}), "never[0] has a count"),
        (json!({"hash": "a", "within_ms": 60_001}), "within_ms is above 60000"),
        (json!({"calls": vec![json!({}); 101]}), "more than 100 calls"),
        (json!({"items": [{"where": {}, "key": "k"}]}), "unknown field `key`"),
        (json!({"calls": [{"via": "smtp"}]}), "unknown variant `smtp`"),
    ] {
        let text = refused(&json);
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert_eq!(Assertions::parse(&vec![b' '; 300_000]).err(), Some(AssertionsError::TooLong));
}

async fn checked(journal: &Journal, json: &Value) -> Verdict {
    let state = || async { Ok::<_, Infallible>(State::default()) };
    let assertions = Arc::new(assertions(json));
    let checked = journal.check(SPACE, &assertions, state);
    let Ok(verdict) = timeout(Duration::from_secs(50), checked).await.expect("the check ends");
    verdict
}

#[tokio::test]
async fn a_check_waits_until_it_holds() {
    let journal = Journal::new(0);
    let wanted = json!({"calls": [{"op": "create"}], "within_ms": 60_000});
    let (verdict, ()) = tokio::join!(checked(&journal, &wanted), async {
        Told::default().write(&journal);
        tokio::task::yield_now().await;
        Told { operation: "create", ..Told::default() }.write(&journal);
    });
    assert_eq!(verdict, Verdict::Held);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_does_not_hold_ends_at_its_time() {
    let journal = Journal::new(0);
    let begun = Instant::now();
    assert!(!checked(&journal, &json!({"calls": [{"op": "create"}], "within_ms": 30_000})).await.is_held());
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert!(!checked(&journal, &json!({"calls": [{"op": "create"}]})).await.is_held());
    assert_eq!(begun.elapsed().as_secs(), 30, "without within_ms it does not wait");
}

#[tokio::test]
async fn only_calls_since_the_last_reset_count() {
    let journal = Journal::new(0);
    let told = Told { operation: "create", ..Told::default() };
    let first = told.write(&journal);
    let never = json!({"never": [{"op": "create"}]});
    assert!(!checked(&journal, &never).await.is_held());
    reset(&journal);
    Told { space: "other", ..told.clone() }.write(&journal);
    assert!(checked(&journal, &never).await.is_held());
    assert!(checked(&journal, &json!({"after": first - 1, "calls": [{"op": "create"}]})).await.is_held());
    told.write(&journal);
    assert!(!checked(&journal, &never).await.is_held());
}

#[tokio::test]
async fn a_check_does_not_hold_if_calls_are_gone_that_it_needs() {
    let journal = Journal::new(0);
    let told = Told { request: vec![0; 65_536], ..Told::default() };
    for _ in 0..100 {
        told.write(&journal);
    }
    let never = json!({"never": [{"op": "delete"}]});
    let failure = failures(checked(&journal, &never).await).remove(0);
    let Found::Text(Some(text)) = failure.found else { panic!("a text") };
    assert!(text.contains("had to go"), "{text}");
    reset(&journal);
    assert!(checked(&journal, &never).await.is_held(), "a new world");
}
