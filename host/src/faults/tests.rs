//! What a space with faults promises.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::*;

fn rule(value: Value) -> Rule {
    serde_json::from_value(value).expect("the rule is right")
}

fn faults(rules: Value) -> Faults {
    let faults = Faults::default();
    faults.replace(serde_json::from_value(rules).expect("the rules are right")).expect("they fit together");
    faults
}

/// The dice of the request with this number, which was said `repetition` times before.
fn dice(request: u32, repetition: u64) -> Dice {
    Dice { seed: 42, digest: Sha256::digest(request.to_be_bytes()).into(), repetition }
}

fn at_door(dice: &Dice) -> Asked<'_> {
    Asked { station: Station::Door, operation: Some("read"), verb: None, client: "anna", call: 0, dice }
}

fn at_store(verb: Verb, dice: &Dice) -> Asked<'_> {
    Asked { station: Station::Store, verb: Some(verb), ..at_door(dice) }
}

fn picked(faults: &Faults, asked: &Asked<'_>) -> Option<String> {
    faults.pick(asked).map(|injected| injected.rule)
}

/// The requests of `order` that the rules hit at the door.
fn hits(faults: &Faults, order: impl Iterator<Item = u32>) -> BTreeSet<u32> {
    order.filter(|number| faults.pick(&at_door(&dice(*number, 0))).is_some()).collect()
}

#[test]
fn a_rule_hits_the_same_requests_in_every_order() {
    let rules = json!([{"at": "door", "do": {"refuse": "busy"}, "probability": 0.2}]);
    let forward = hits(&faults(rules.clone()), 0..1000);
    let backward = hits(&faults(rules.clone()), (0..1000).rev());
    let mixed = hits(&faults(rules), (0..1000).map(|number| number * 617 % 1000));
    assert_eq!(forward, backward);
    assert_eq!(forward, mixed);
    assert!((150..=250).contains(&forward.len()), "{}", forward.len());
}

#[test]
fn another_seed_hits_other_requests() {
    let faults = faults(json!([{"at": "door", "do": {"refuse": "busy"}, "probability": 0.2}]));
    let with = |seed: u64| -> Vec<bool> {
        let all = (0..100).map(|number| Dice { seed, ..dice(number, 0) });
        all.map(|dice| faults.pick(&at_door(&dice)).is_some()).collect()
    };
    assert_ne!(with(1), with(2));
    assert_eq!(with(1), with(1));
}

#[test]
fn a_rule_of_probability_0_does_what_no_rule_does() {
    let none = Faults::default();
    let zero = faults(json!([{"at": "door", "do": {"delay_ms": 5}, "probability": 0}]));
    for number in 0..1000 {
        let dice = dice(number, 0);
        assert_eq!(zero.pick(&at_door(&dice)), none.pick(&at_door(&dice)));
        assert_eq!(none.pick(&at_door(&dice)), None);
    }
    assert_eq!((zero.rules()[0].chances, zero.rules()[0].hits), (1000, 0));
}

#[test]
fn a_rule_of_probability_0_leaves_the_rules_behind_it_as_they_are() {
    let behind = json!({"id": "b", "at": "door", "do": {"refuse": "busy"}, "probability": 0.2});
    let before = json!({"id": "a", "at": "door", "do": {"delay_ms": 5}, "probability": 0});
    let alone = hits(&faults(json!([behind])), 0..1000);
    assert_eq!(hits(&faults(json!([before, behind])), 0..1000), alone);
}

#[test]
fn a_rule_of_probability_1_hits_every_request() {
    let faults = faults(json!([{"at": "door", "do": {"refuse": "busy"}}]));
    assert_eq!(hits(&faults, 0..1000).len(), 1000);
}

#[test]
fn a_repeated_request_rolls_anew() {
    let faults = faults(json!([{"at": "door", "do": {"refuse": "busy"}, "probability": 0.5}]));
    let rolls: Vec<bool> =
        (0..64).map(|repetition| faults.pick(&at_door(&dice(1, repetition))).is_some()).collect();
    let hits = rolls.iter().filter(|hit| **hit).count();
    assert!((16..=48).contains(&hits), "{hits}");
}

#[test]
fn each_call_of_the_store_within_a_request_rolls_anew() {
    let faults = faults(json!([{"at": "store", "do": "unavailable", "probability": 0.5}]));
    let dice = dice(1, 0);
    let hits = (0..64).filter(|call| {
        let asked = Asked { call: *call, ..at_store(Verb::Get, &dice) };
        faults.pick(&asked).is_some()
    });
    let hits = hits.count();
    assert!((16..=48).contains(&hits), "{hits}");
}

#[test]
fn two_rules_hit_independently() {
    let of = |id: &str| json!([{"id": id, "at": "door", "do": {"refuse": "busy"}, "probability": 0.5}]);
    let (one, other) = (hits(&faults(of("one")), 0..1000), hits(&faults(of("other")), 0..1000));
    let both = one.intersection(&other).count();
    assert!((200..=300).contains(&both), "{both}");
}

#[test]
fn the_first_rule_that_hits_wins() {
    let rules = faults(json!([
        {"id": "later", "at": "door", "do": {"refuse": "busy"}, "skip": 1},
        {"id": "first", "at": "door", "do": {"refuse": "forbidden"}},
        {"id": "second", "at": "door", "do": {"refuse": "deadline"}},
    ]));
    let dice = dice(1, 0);
    assert_eq!(picked(&rules, &at_door(&dice)).as_deref(), Some("first"));
    assert_eq!(picked(&rules, &at_door(&dice)).as_deref(), Some("later"));
    let counts: Vec<(u64, u64)> = rules.rules().iter().map(|rule| (rule.chances, rule.hits)).collect();
    assert_eq!(counts, [(2, 1), (1, 1), (0, 0)]);
}

#[test]
fn skip_lets_requests_pass_and_times_ends_the_rule() {
    let faults = faults(json!([{"at": "door", "do": {"refuse": "busy"}, "skip": 2, "times": 3}]));
    let hit: Vec<bool> = (0..8).map(|number| faults.pick(&at_door(&dice(number, 0))).is_some()).collect();
    assert_eq!(hit, [false, false, true, true, true, false, false, false]);
    assert_eq!((faults.rules()[0].chances, faults.rules()[0].hits), (8, 3));
}

#[test]
fn threads_at_once_never_get_more_hits_than_times() {
    let faults = faults(json!([{"at": "door", "do": {"refuse": "busy"}, "times": 10}]));
    let hits: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u32)
            .map(|thread| {
                scope.spawn({
                    let faults = &faults;
                    move || hits(faults, thread * 100..thread * 100 + 100).len()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).sum()
    });
    assert_eq!(hits, 10);
}

#[test]
fn a_rule_applies_only_to_its_station_operation_client_and_verb() {
    let rules = faults(json!([
        {"at": "store", "operation": "read", "client": "anna", "verb": "get", "do": "corrupt"},
    ]));
    let dice = dice(1, 0);
    let asked = at_store(Verb::Get, &dice);
    assert!(rules.pick(&asked).is_some());
    for other in [
        Asked { station: Station::Answer, ..asked },
        Asked { operation: Some("write"), ..asked },
        Asked { operation: None, ..asked },
        Asked { client: "bert", ..asked },
        Asked { verb: Some(Verb::Query), ..asked },
    ] {
        assert_eq!(rules.pick(&other), None, "{other:?}");
    }
    assert_eq!(rules.rules()[0].chances, 1);
}

#[test]
fn a_rule_that_is_not_enabled_does_nothing() {
    let faults = faults(json!([{"at": "door", "do": {"refuse": "busy"}, "enabled": false}]));
    assert!(hits(&faults, 0..10).is_empty());
    assert_eq!(faults.rules()[0].chances, 0);
}

#[test]
fn an_unknown_outcome_is_one_of_writes() {
    let faults = faults(json!([{"at": "store", "do": {"unknown": {"stored": true}}}]));
    let dice = dice(1, 0);
    for (verb, hit) in [(Verb::Get, false), (Verb::Query, false), (Verb::Insert, true), (Verb::Update, true)]
    {
        assert_eq!(faults.pick(&at_store(verb, &dice)).is_some(), hit, "{verb:?}");
    }
}

#[test]
fn either_is_decided_by_the_request() {
    let faults = faults(json!([{"at": "store", "do": {"unknown": {"stored": "either"}}}]));
    let stored = |number: u32| {
        let action = faults.pick(&at_store(Verb::Insert, &dice(number, 0))).expect("it hits").action;
        action == Action::Store(StoreAction::Unknown { stored: true })
    };
    let once: Vec<bool> = (0..1000).map(stored).collect();
    let again: Vec<bool> = (0..1000).rev().map(stored).collect::<Vec<_>>().into_iter().rev().collect();
    assert_eq!(once, again);
    let count = once.iter().filter(|stored| **stored).count();
    assert!((400..=600).contains(&count), "{count}");
}

#[test]
fn a_random_delay_is_decided_by_the_request_and_stays_within_its_bounds() {
    let faults = faults(json!([{"at": "answer", "do": {"delay_ms": [20, 23]}}]));
    let delay = |number: u32| {
        let dice = dice(number, 0);
        let asked = Asked { station: Station::Answer, ..at_door(&dice) };
        let action = faults.pick(&asked).expect("it hits").action;
        let Action::Answer(AnswerAction::Delay(time)) = action else { panic!("{action:?}") };
        time
    };
    let seen: BTreeSet<Duration> = (0..100).map(delay).collect();
    assert_eq!(seen, [20, 21, 22, 23].map(Duration::from_millis).into());
    assert_eq!(delay(7), delay(7));
}

#[test]
fn missing_ids_are_the_first_that_are_free() {
    let red = || rule(json!({"at": "ready", "do": "red"}));
    let faults = Faults::default();
    faults
        .replace(vec![red(), rule(json!({"id": "fault-2", "at": "ready", "do": "red"})), red()])
        .expect("fits");
    let ids: Vec<Option<String>> =
        faults.rules().iter().map(|state| state.rule.id().map(str::to_owned)).collect();
    assert_eq!(ids, ["fault-1", "fault-2", "fault-3"].map(|id| Some(id.to_owned())));
    assert!(faults.remove("fault-2"));
    assert!(!faults.remove("fault-2"));
    assert_eq!(faults.add(red()).as_deref(), Ok("fault-4"), "the journal may name the rule that is gone");
    faults.replace(vec![]).unwrap();
    assert_eq!(faults.add(red()).as_deref(), Ok("fault-5"));
    faults.clear();
    assert_eq!(faults.add(red()).as_deref(), Ok("fault-1"), "a reset begins anew");
}

#[test]
fn the_last_rule_that_is_removed_makes_the_faults_empty() {
    let faults = Faults::default();
    assert!(faults.is_empty());
    faults.add(rule(json!({"id": "a", "at": "ready", "do": "red"}))).expect("fits");
    assert!(!faults.is_empty());
    assert!(faults.remove("a"));
    assert!(faults.is_empty());
    faults.add(rule(json!({"at": "ready", "do": "red"}))).expect("fits");
    faults.clear();
    assert!(faults.is_empty() && faults.rules().is_empty());
    faults.replace(Vec::new()).expect("an empty list is right");
    assert!(faults.is_empty());
}

#[test]
fn a_restart_lets_skip_and_times_begin_again() {
    let faults = faults(json!([{"at": "door", "do": {"refuse": "busy"}, "times": 1}]));
    assert_eq!(hits(&faults, 0..3), [0].into());
    faults.restart();
    assert_eq!(hits(&faults, 0..3), [0].into());
    assert_eq!((faults.rules()[0].chances, faults.rules()[0].hits), (3, 1));
}

#[test]
fn a_refused_list_changes_nothing() {
    let faults = faults(json!([{"id": "a", "at": "ready", "do": "red"}]));
    let two = || rule(json!({"id": "b", "at": "ready", "do": "red"}));
    let error = faults.replace(vec![two(), two()]).expect_err("two rules have one id");
    assert_eq!(error, RuleError::Duplicate { id: "b".into() });
    assert_eq!(
        faults.add(rule(json!({"id": "a", "at": "ready", "do": "red"}))),
        Err(RuleError::Duplicate { id: "a".into() })
    );
    assert_eq!(faults.rules().len(), 1);
    assert_eq!(faults.rules()[0].rule.id(), Some("a"));
}

#[test]
fn a_space_has_64_rules_at_most() {
    let red = || rule(json!({"at": "ready", "do": "red"}));
    let faults = Faults::default();
    assert_eq!(faults.replace((0..65).map(|_| red()).collect()), Err(RuleError::TooMany));
    assert_eq!(faults.replace((0..64).map(|_| red()).collect()), Ok(()));
    assert_eq!(faults.add(red()), Err(RuleError::TooMany));
    assert!(RuleError::TooMany.to_string().contains("`rules`"));
}
