//! What can be written as a rule.

use serde_json::{Value, json};

use super::*;

fn read(value: Value) -> Result<Rule, RuleError> {
    Rule::try_from(value)
}

/// The text of the error of a rule with one action at a station.
fn refused(at: &str, action: &Value) -> String {
    match read(json!({"at": at, "do": action})) {
        Ok(_) => panic!("{at} takes {action}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_action_can_be_written_and_is_read_as_it_was_written() {
    for (at, action) in [
        ("door", json!({"refuse": "forbidden"})),
        ("door", json!({"refuse": "too_many_requests"})),
        ("door", json!({"refuse": "limit_exceeded"})),
        ("door", json!({"refuse": "busy"})),
        ("door", json!({"refuse": "deadline"})),
        ("door", json!({"status": 418})),
        ("door", json!({"status": 500, "body": "down"})),
        ("door", json!({"status": 500, "body": {"message": "down"}})),
        ("door", json!({"delay_ms": 5})),
        ("door", json!({"delay_ms": [0, 60_000]})),
        ("store", json!({"throttled": {}})),
        ("store", json!({"throttled": {"retry_after_ms": 500}})),
        ("store", json!({"unavailable": {}})),
        ("store", json!({"corrupt": {}})),
        ("store", json!({"unknown": {"stored": true}})),
        ("store", json!({"unknown": {"stored": false}})),
        ("store", json!({"unknown": {"stored": "either"}})),
        ("store", json!({"delay_ms": 5})),
        ("store", json!({"lag_ms": 2000})),
        ("answer", json!({"lost": {}})),
        ("answer", json!({"truncated": {}})),
        ("answer", json!({"dripped": {"bytes": 1, "ms": 10}})),
        ("answer", json!({"replaced": {"status": 502}})),
        ("answer", json!({"delay_ms": 5})),
        ("ready", json!({"red": {}})),
    ] {
        let rule =
            read(json!({"at": at, "do": action.clone()})).unwrap_or_else(|error| panic!("{action}: {error}"));
        let written = serde_json::to_value(&rule).expect("a rule is JSON");
        let all = json!({"at": at, "do": action, "probability": 1.0, "skip": 0, "enabled": true});
        assert_eq!(written, all);
        assert_eq!(read(written), Ok(rule));
    }
}

#[test]
fn every_other_member_can_be_written_and_is_read_as_it_was_written() {
    let written = json!({
        "id": "a-1", "at": "store", "operation": "read", "verb": "insert", "client": "anna",
        "do": {"unknown": {"stored": "either"}}, "probability": 0.25, "skip": 2, "times": 3, "enabled": false,
    });
    let rule = read(written.clone()).expect("the rule is right");
    assert_eq!(serde_json::to_value(&rule).expect("a rule is JSON"), written);
}

#[test]
fn a_word_alone_and_true_stand_for_an_action_without_members() {
    let long = read(json!({"at": "answer", "do": {"lost": {}}}));
    assert!(long.is_ok());
    assert_eq!(read(json!({"at": "answer", "do": "lost"})), long);
    assert_eq!(read(json!({"at": "answer", "do": {"lost": true}})), long);
}

#[test]
fn an_action_belongs_to_its_station_alone() {
    for (at, action) in [
        ("door", "lost"),
        ("door", "throttled"),
        ("store", "refuse"),
        ("store", "lost"),
        ("answer", "unknown"),
        ("answer", "red"),
        ("ready", "delay_ms"),
        ("ready", "explode"),
    ] {
        let error = refused(at, &json!({action: {}}));
        assert!(error.contains(&format!("`do.{action}` does not belong to the station `{at}`")), "{error}");
    }
    assert!(refused("ready", &json!("lost")).ends_with("its members of `do` are `red`"));
}

#[test]
fn every_wrong_action_is_refused_with_the_name_of_its_member() {
    for (at, action, member) in [
        ("door", json!({}), "do"),
        ("door", json!(5), "do"),
        ("door", json!({"body": "a"}), "do.body"),
        ("door", json!({"refuse": "no_host"}), "do.refuse"),
        ("door", json!({"refuse": "busy", "delay_ms": 5}), "do.delay_ms"),
        ("door", json!({"status": 199}), "do.status"),
        ("door", json!({"status": 600}), "do.status"),
        ("door", json!({"status": "500"}), "do.status"),
        ("door", json!({"status": 204, "body": "a"}), "do.body"),
        ("door", json!({"status": 500, "body": "a".repeat(8193)}), "do.body"),
        ("door", json!({"delay_ms": 60_001}), "do.delay_ms"),
        ("door", json!({"delay_ms": [0, 60_001]}), "do.delay_ms"),
        ("door", json!({"delay_ms": [2, 1]}), "do.delay_ms"),
        ("door", json!({"delay_ms": [1]}), "do.delay_ms"),
        ("door", json!({"delay_ms": -1}), "do.delay_ms"),
        ("store", json!({"throttled": {"retry_after_ms": 60_001}}), "do.throttled.retry_after_ms"),
        ("store", json!({"throttled": {"retry_after": 5}}), "do.throttled.retry_after"),
        ("store", json!({"throttled": false}), "do.throttled"),
        ("store", json!({"unavailable": {"stored": true}}), "do.unavailable.stored"),
        ("store", json!("unknown"), "do.unknown.stored"),
        ("store", json!({"unknown": {"stored": "maybe"}}), "do.unknown.stored"),
        ("store", json!({"corrupt": null}), "do.corrupt"),
        ("answer", json!({"dripped": {"bytes": 0, "ms": 1}}), "do.dripped.bytes"),
        ("answer", json!({"dripped": {"bytes": 65_537, "ms": 1}}), "do.dripped.bytes"),
        ("answer", json!({"dripped": {"bytes": 1}}), "do.dripped.ms"),
        ("answer", json!({"dripped": {"bytes": 1, "ms": 60_001}}), "do.dripped.ms"),
        ("answer", json!({"replaced": {"status": 503}}), "do.replaced.status"),
        ("answer", json!({"lost": {}, "truncated": {}}), "do.truncated"),
    ] {
        let error = refused(at, &action);
        assert!(error.starts_with(&format!("`{member}`")), "{member}: {error}");
    }
}

#[test]
fn every_other_wrong_member_is_refused_with_its_name() {
    for (name, value) in [
        ("id", json!("")),
        ("id", json!("a".repeat(65))),
        ("id", json!("Upper")),
        ("id", json!("a/b")),
        ("id", json!(5)),
        ("at", json!("gate")),
        ("operation", json!("")),
        ("operation", json!("a".repeat(257))),
        ("verb", json!("delete")),
        ("verb", json!("get")),
        ("client", json!("")),
        ("probability", json!(1.01)),
        ("probability", json!(-0.01)),
        ("probability", json!(null)),
        ("probability", json!("high")),
        ("skip", json!(-1)),
        ("times", json!(0)),
        ("times", json!(1.5)),
        ("enabled", json!("yes")),
        ("key", json!("anna")),
    ] {
        let mut rule = json!({"at": "door", "do": {"refuse": "busy"}});
        rule[name] = value.clone();
        let error = read(rule).expect_err("the rule is wrong").to_string();
        assert!(error.starts_with(&format!("`{name}`")), "{name} {value}: {error}");
    }
}

#[test]
fn a_missing_member_is_named() {
    assert_eq!(read(json!({"do": "red"})), Err(RuleError::Missing { member: "at".into() }));
    assert_eq!(read(json!({"at": "ready"})), Err(RuleError::Missing { member: "do".into() }));
    assert!(read(json!("red")).expect_err("it is no object").to_string().contains("`rule`"));
}

#[test]
fn the_readiness_check_has_no_operation_and_no_client() {
    for name in ["operation", "client"] {
        let error = read(json!({"at": "ready", "do": "red", name: "a"})).expect_err("it is wrong");
        assert!(error.to_string().starts_with(&format!("`{name}`")), "{error}");
    }
}

#[test]
fn a_read_has_no_unknown_outcome() {
    for (verb, is_right) in [("get", false), ("query", false), ("insert", true), ("update", true)] {
        let read = read(json!({"at": "store", "verb": verb, "do": {"unknown": {"stored": true}}}));
        assert_eq!(read.is_ok(), is_right, "{verb}: {read:?}");
    }
}

#[test]
fn the_error_of_a_list_names_the_rule_and_the_member() {
    let right = json!({"at": "ready", "do": "red"});
    assert_eq!(read_rules(json!([right, right])).map(|rules| rules.len()).map_err(|_| ()), Ok(2));
    let error =
        read_rules(json!([right, {"at": "ready", "do": "lost"}])).expect_err("the second rule is wrong");
    assert!(error.to_string().starts_with("`rules[1]`: `do.lost` does not belong"), "{error}");
    let error = read_rules(Value::Array(vec![right; 65])).expect_err("there are too many");
    assert!(error.to_string().starts_with("`rules`: a space has 64 rules"), "{error}");
}

#[test]
fn a_rule_can_be_read_from_yaml() {
    let text = "- {at: store, verb: update, do: {unknown: {stored: true}}, client: bot, times: 1}\n";
    let rules: Vec<Rule> = serde_saphyr::from_str(text).expect("the rule is right");
    let json = json!({"at": "store", "verb": "update", "do": {"unknown": {"stored": true}}, "client": "bot", "times": 1});
    assert_eq!(rules, [read(json).expect("the rule is right")]);
}
