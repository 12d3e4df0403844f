//! What a world is asked, and in which order.

use async_trait::async_trait;
use hyper::body::Bytes;
use hyper::{Request, Response};
use serde_json::{Value, json};

use super::{Told, done, outcomes, parse, report_of};
use crate::scenario::{Mode, Outcome, World, WorldError, run};

#[tokio::test]
async fn a_request_has_the_parts_of_its_step() {
    let world = Told::answers([(201, "{}"), (200, "{}"), (200, "[]")]);
    let report = done(
        &world,
        "  - {op: create_pet, body: {no: 0755}, headers: {idempotency-key: 7}, as: importer}
  - {op: read_pet, path: {name: 'a/b ?%é'}, query: {lang: 'x&y=z+'}}
  - {op: list_pets, query: {owner: [a, b]}}",
    )
    .await;
    assert!(report.held, "{report}");
    assert_eq!(
        *world.asked(),
        [
            "reset",
            "importer POST /pets content-type=application/json idempotency-key=7 {\"no\":\"0755\"}",
            "- GET /pets/a%2Fb%20%3F%25%C3%A9?lang=x%26y%3Dz%2B",
            "- GET /pets?owner=a&owner=b",
        ]
    );
}

#[tokio::test]
async fn saved_values_are_in_later_steps() {
    let world = Told::answers([(201, r#"{"id": 7, "tags": ["a"]}"#), (201, "{}"), (200, r#"{"id": 7}"#)]);
    let world = Told { verdict: json!({"held": true}), ..world };
    let report = done(
        &world,
        "  - {op: create_pet, body: 1, save: {id: /id, tags: /tags, etag: {header: etag}}}
  - {op: create_pet, body: {id: $id, tags: $tags, text: 'no ${id}'}, headers: {if-match: $etag}}
  - {op: read_pet, path: {name: $id}, expect: {body: {/id: $id}}}
  - {check: {items: [{where: {/id: $id}}]}}
  - {faults: [{key: $id}]}",
    )
    .await;
    assert!(report.held, "{report}");
    let asked = world.asked();
    assert_eq!(
        asked[2],
        "- POST /pets content-type=application/json if-match=\"7\" {\"id\":7,\"tags\":[\"a\"],\"text\":\"no 7\"}"
    );
    assert_eq!(asked[3], "- GET /pets/7");
    assert_eq!(asked[4..], [r#"check {"items":[{"where":{"/id":7}}]}"#, r#"faults [{"key":7}]"#]);
}

#[tokio::test]
async fn a_value_that_is_not_in_the_answer_fails_its_step() {
    let world = Told::answers([(201, r#"{"id": 7}"#)]);
    let report = done(
        &world,
        "  - {op: create_pet, body: 1, save: {t: /pet_id}}\n  - {op: read_pet, path: {name: $t}}",
    )
    .await;
    assert_eq!(
        outcomes(&report),
        [("start", Outcome::Held), ("1", Outcome::Failed), ("2", Outcome::NotDone)]
    );
    assert_eq!(report.steps[1].failures[0].what, "body /pet_id");
}

#[tokio::test]
async fn a_value_that_cannot_stand_in_its_place_fails_its_step() {
    let world = Told::answers([(201, r#"{"id": [7], "text": "a\nb"}"#), (201, "{}")]);
    let save = "  - {op: create_pet, body: 1, save: {id: /id, text: /text}}";
    let report = done(&world, &format!("{save}\n  - {{op: read_pet, path: {{name: $id}}}}")).await;
    assert_eq!(
        report.steps[2].failures[0].found,
        "`name` must be a text, a number or a boolean, and its variable has another value"
    );
    let world = Told::answers([(201, r#"{"id": [7], "text": "a\nb"}"#), (201, "{}")]);
    let report =
        done(&world, &format!("{save}\n  - {{op: create_pet, body: 1, headers: {{x-a: $text}}}}")).await;
    assert!(report.steps[2].failures[0].found.starts_with("the header `x-a` has characters"), "{report}");
}

#[tokio::test]
async fn a_run_arms_its_faults_before_the_first_step_and_a_seed_after_the_last() {
    let head = "seed: 42\nclock: {mode: frozen}\nfaults: [{at: answer}]";
    let steps = "  - {op: read_pet, path: {name: x}}";
    let (reset, faults) = (r#"reset 42 {"mode":"frozen"}"#, r#"faults [{"at":"answer"}]"#);
    let world = Told::answers([(200, "")]);
    assert!(report_of(&world, Mode::Run, head, steps).await.held);
    assert_eq!(*world.asked(), [reset, faults, "- GET /pets/x"]);
    let world = Told::answers([(200, "")]);
    assert!(report_of(&world, Mode::Seed, head, steps).await.held);
    assert_eq!(*world.asked(), [reset, "- GET /pets/x", faults]);
}

#[tokio::test]
async fn a_seed_that_fails_arms_no_faults_and_a_seed_without_a_number_resets_nothing() {
    let world = Told::answers([(500, "")]);
    let head = "clock: {mode: real}\nfaults: [1]";
    let report = report_of(&world, Mode::Seed, head, "  - {op: read_pet, path: {name: x}}").await;
    assert!(!report.held);
    assert_eq!(*world.asked(), [r#"clock {"mode":"real"}"#, "- GET /pets/x"]);
}

#[tokio::test]
async fn every_control_reaches_the_world_in_its_turn() {
    let world = Told { verdict: json!({"held": true}), ..Told::default() };
    let steps = "  - {advance: P1DT2H}
  - {clock: {mode: running}}
  - {faults: []}
  - {reset: true}
  - {snapshot: one}
  - {restore: one, title: back}
  - {check: {calls: []}}";
    let report = report_of(&world, Mode::Run, "seed: 1", steps).await;
    assert!(report.held, "{report}");
    assert_eq!(
        world.asked()[1..],
        [
            "advance P1DT2H",
            r#"clock {"mode":"running"}"#,
            "faults []",
            "reset",
            "snapshot one",
            "restore one",
            r#"check {"calls":[]}"#
        ]
    );
    let titles: Vec<&str> = report.steps.iter().map(|step| step.title.as_str()).collect();
    let start = "reset with the seed 1";
    assert_eq!(
        titles,
        [start, "advance P1DT2H", "clock", "no faults", "reset", "snapshot one", "back", "check"]
    );
}

#[tokio::test]
async fn a_world_that_refuses_a_control_ends_the_run_with_its_sentence() {
    let report = done(&Told::default(), "  - {snapshot: refused}\n  - {reset: true}").await;
    assert_eq!(
        outcomes(&report),
        [("start", Outcome::Held), ("1", Outcome::Failed), ("2", Outcome::NotDone)]
    );
    assert_eq!(report.steps[1].failures[0].found, "snapshot refused is refused");
    let world = Told::default();
    let report = report_of(&world, Mode::Run, "clock: {mode: refuse}\nfaults: []", "  - {reset: true}").await;
    assert_eq!(outcomes(&report), [("start", Outcome::Failed), ("1", Outcome::NotDone)]);
    assert_eq!(world.asked().len(), 1, "neither faults nor steps");
}

#[tokio::test]
async fn a_check_that_does_not_hold_shows_its_nearest_miss() {
    let failure = json!({"what": "calls/0", "found": 0, "nearest": {"n": 3, "differs": ["/status: open, wanted closed", "/a"]}});
    let world = Told { verdict: json!({"held": false, "failures": [failure]}), ..Told::default() };
    let report = done(&world, "  - {check: {calls: []}}").await;
    let failure = &report.steps[1].failures[0];
    assert_eq!((failure.what.as_str(), failure.found.as_str()), ("calls/0", "0"));
    assert_eq!(failure.nearest.as_deref(), Some("call 3: /status: open, wanted closed; /a"));
    let world = Told { verdict: json!({"held": false}), ..Told::default() };
    assert!(!done(&world, "  - {check: {}}").await.held, "a verdict without a failure does not hold either");
}

#[tokio::test]
async fn a_repeat_does_its_steps_in_rounds_with_their_number() {
    let world = Told::answers([(201, "{}"), (201, "{}"), (201, "{}")]);
    let report = done(&world, "  - {repeat: 3, steps: [{op: create_pet, body: 'no ${round}'}]}").await;
    assert!(report.held, "{report}");
    let bodies: Vec<String> =
        world.asked().iter().skip(1).map(|asked| asked[asked.len() - 6..].to_owned()).collect();
    assert_eq!(bodies, ["\"no 1\"", "\"no 2\"", "\"no 3\""]);
    assert_eq!(
        report.steps.iter().map(|step| step.round).collect::<Vec<_>>(),
        [None, Some(1), Some(2), Some(3)]
    );
}

#[tokio::test]
async fn a_repeat_ends_with_the_round_that_fails() {
    let world = Told::answers([(201, ""), (409, "{}")]);
    let report = done(&world, "  - {repeat: 3, steps: [{op: create_pet, body: 1}]}\n  - {reset: true}").await;
    let held = [("start", Outcome::Held), ("1.1", Outcome::Held)];
    assert_eq!(outcomes(&report)[..2], held);
    assert_eq!(outcomes(&report)[2..], [("1.1", Outcome::Failed), ("2", Outcome::NotDone)]);
    assert!(report.to_string().contains("[line 4, round 2]"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_hangs_is_ended() {
    struct Hangs;
    #[async_trait]
    impl World for Hangs {
        async fn perform(&self, _client: Option<&str>, _request: Request<Bytes>) -> Option<Response<Bytes>> {
            std::future::pending().await
        }
        async fn set_clock(&self, _clock: &Value) -> Result<(), WorldError> {
            Ok(())
        }
        async fn advance(&self, _by: &str) -> Result<(), WorldError> {
            Ok(())
        }
        async fn set_faults(&self, _rules: &Value) -> Result<(), WorldError> {
            Ok(())
        }
        async fn reset(&self, _seed: Option<u64>, _clock: Option<&Value>) -> Result<(), WorldError> {
            Ok(())
        }
        async fn snapshot(&self, _name: &str) -> Result<(), WorldError> {
            Ok(())
        }
        async fn restore(&self, _name: &str) -> Result<(), WorldError> {
            Ok(())
        }
        async fn check(&self, _assertions: &Value) -> Result<Value, WorldError> {
            Ok(Value::Null)
        }
    }
    let scenario = parse("name: x\nsteps: [{op: read_pet, path: {name: x}}]").unwrap();
    let report = run(&scenario, &Hangs, Mode::Run).await;
    assert_eq!(report.steps[1].failures[0].wanted, "done within 120 s");
}
