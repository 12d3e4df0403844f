//! What is a scenario and what is not.

use serde_json::json;

use super::{PETS, parse, wrong};
use crate::contract::Contract;
use crate::scenario::{FileError, Scenario};

#[test]
fn a_wrong_request_is_named_by_its_number_its_line_and_its_member() {
    for (step, why) in [
        (
            "{op: fly}",
            "`op`: the contract has no operation `fly`; its operations are read_pet, create_pet, list_pets",
        ),
        ("{opp: read_pet}", "there is no member `opp`; the members are op, advance,"),
        (
            "{op: read_pet, path: {name: x}, expects: 200}",
            "there is no member `expects`; the members are title, path,",
        ),
        (
            "{op: read_pet, path: {name: x}, expect: {stats: 200}}",
            "there is no member `expect.stats`; the members are status, body,",
        ),
        ("{op: read_pet}", "`path.name` is missing"),
        ("{op: read_pet, path: {name: ''}}", "`path.name` must be a text that is not empty"),
        (
            "{op: read_pet, path: {name: x, nam: y}}",
            "`path.nam`: the operation has no such parameter; it has name",
        ),
        ("{op: read_pet, path: {name: [x]}}", "`path.name` must be a text"),
        ("{op: read_pet, path: x}", "`path` must be a mapping"),
        (
            "{op: read_pet, path: {name: x}, query: {l: y}}",
            "`query.l`: the operation has no such parameter; it has lang",
        ),
        ("{op: read_pet, path: {name: x}, query: {lang: {}}}", "`query.lang` must be a text"),
        ("{op: list_pets}", "`query.owner` is missing"),
        ("{op: create_pet}", "`body` is missing"),
        ("{op: create_pet, body: 1, headers: {X-API-Key: k}}", "`headers.X-API-Key` must be left out"),
        ("{op: create_pet, body: 1, headers: {a b: k}}", "`headers.a b` must be the name of a header"),
        ("{op: create_pet, body: 1, as: a b}", "`as` must be the label of a client"),
        ("{op: create_pet, body: 1, as: 7}", "`as` must be a text of 1 to 64"),
    ] {
        assert_wrong(step, why);
    }
}

#[test]
fn a_wrong_expectation_is_named_too() {
    for (step, why) in [
        ("{op: create_pet, body: 1, expect: 99}", "`expect` must be a status"),
        ("{op: create_pet, body: 1, expect: {status: []}}", "`expect.status` must be a status"),
        (
            "{op: create_pet, body: 1, expect: {body: {a: 1}}}",
            "`expect.body.a` must be named by a JSON pointer",
        ),
        (
            "{op: create_pet, body: 1, expect: {body: {/a: {present: 1}}}}",
            "`expect.body./a.present` must be true or false",
        ),
        (
            "{op: create_pet, body: 1, expect: {body: {/a: {length: x}}}}",
            "`expect.body./a.length` must be a whole number",
        ),
        (
            "{op: create_pet, body: 1, expect: {body: {/a: {present: true, like: x}}}}",
            "there is no member `expect.body./a.like`",
        ),
        (
            "{op: create_pet, body: 1, expect: {lost: true, status: 200}}",
            "`expect.lost` must be the only member",
        ),
        ("{op: create_pet, body: 1, expect: {lost: true}, save: {t: /x}}", "`save.t` must be left out"),
        ("{op: create_pet, body: 1, save: {t: x}}", "`save.t` must be a JSON pointer"),
        ("{op: create_pet, body: 1, save: {t: {header: ''}}}", "`save.t.header` must be a text"),
    ] {
        assert_wrong(step, why);
    }
}

#[test]
fn a_wrong_use_of_a_variable_is_named_too() {
    for (step, why) in [
        ("{op: create_pet, body: 1, save: {1t: /x}}", "`1t` is not the name of a variable"),
        ("{op: create_pet, body: {name: [$t]}}", "no earlier step saves the variable `t`"),
        ("{op: create_pet, body: 'a ${t'}", "the text `a ${t` has `${` without"),
        (
            "{op: create_pet, body: 1, expect: {body: {/a: {contains: $t}}}}",
            "no earlier step saves the variable `t`",
        ),
        ("{op: create_pet, body: $round}", "no earlier step saves the variable `round`"),
        ("{check: {items: $t}}", "no earlier step saves the variable `t`"),
    ] {
        assert_wrong(step, why);
    }
}

#[test]
fn a_wrong_control_is_named_too() {
    for (step, why) in [
        ("{advance: 2h, reset: true}", "a step has exactly one of the members op, advance,"),
        ("{title: nothing}", "a step has exactly one of the members op, advance,"),
        ("{advance: two}", "`advance` must be a duration of ISO 8601"),
        ("{advance: -PT1H}", "`advance` must be a duration of ISO 8601"),
        ("{advance: PT0S}", "`advance` must be a duration of ISO 8601"),
        ("{clock: now}", "`clock` must be a mapping"),
        ("{faults: {}}", "`faults` must be a list"),
        ("{reset: false}", "`reset` must be true"),
        ("{snapshot: ../x}", "`snapshot` must be a name of 1 to 64"),
        ("{restore: ''}", "`restore` must be a name of 1 to 64"),
        ("{check: []}", "`check` must be a mapping"),
        ("{repeat: 0, steps: [{reset: true}]}", "`repeat` must be a number of rounds"),
        ("{repeat: 2, steps: []}", "`steps` must be a list with at least one step"),
        ("{repeat: 2}", "the member `steps` is missing"),
        ("just text", "`step` must be a mapping"),
    ] {
        assert_wrong(step, why);
    }
}

/// The second step of a file is wrong for this reason.
fn assert_wrong(step: &str, why: &str) {
    let error = wrong(&format!("  - {{reset: true}}\n  - {step}\n"));
    let (place, found) = error.split_once(": ").unwrap();
    assert!(["step 2 (line 4)", "step 2"].contains(&place), "{step}: {error}");
    assert!(found.starts_with(why), "{step}: {error}");
}

#[test]
fn a_wrong_step_of_a_repeat_has_both_numbers_and_its_own_line() {
    let error = wrong("  - repeat: 2\n    steps:\n      - {reset: true}\n      - {op: fly}\n");
    assert!(error.starts_with("step 1.2 (line 6): `op`: the contract has no operation `fly`"), "{error}");
    let error = wrong("  - {repeat: 2, steps: [{repeat: 2, steps: [{reset: true}]}]}");
    assert!(error.starts_with("step 1.1 (line 3): `repeat` must be outside"), "{error}");
}

#[test]
fn a_wrong_member_of_the_file_is_named() {
    for (file, why) in [
        ("steps: [{reset: true}]", "the member `name` is missing"),
        ("name: ''\nsteps: [{reset: true}]", "`name` must be a text of 1 to 200 characters"),
        ("name: x", "the member `steps` is missing"),
        ("name: x\nsteps: []", "`steps` must be a list with at least one step"),
        ("name: x\nsteps: {}", "`steps` must be a list with at least one step"),
        (
            "name: x\nstep: []",
            "there is no member `step`; the members are name, description, seed, clock, faults, steps",
        ),
        ("name: x\nseed: -1\nsteps: [{reset: true}]", "`seed` must be a whole number"),
        ("name: x\nclock: 1\nsteps: [{reset: true}]", "`clock` must be a mapping"),
        ("name: x\nfaults: 1\nsteps: [{reset: true}]", "`faults` must be a list"),
        ("- name", "`file` must be a mapping"),
        ("name: x\nname: y", "the scenario is not YAML"),
        ("name: [", "the scenario is not YAML"),
        (
            "name: &a x\ndescription: *a\nsteps: [{reset: true}]",
            "the scenario is not YAML as scenarios have it (without aliases",
        ),
    ] {
        let error = parse(file).map(|_| ()).expect_err(file).to_string();
        assert!(error.starts_with(why), "{file}: {error}");
    }
}

#[test]
fn what_is_not_yaml_is_named_by_its_line() {
    let error = wrong("  - {reset: true}\n  - {op: [}\n");
    assert!(error.contains("line 4"), "{error}");
}

#[test]
fn every_size_has_a_limit() {
    let contract = Contract::parse(PETS).unwrap();
    let large = vec![b' '; (1 << 20) + 1];
    assert_eq!(Scenario::parse(&large, &contract).map(|_| ()), Err(FileError::TooLarge));
    assert_eq!(Scenario::parse(b"\xff", &contract).map(|_| ()), Err(FileError::NotText));
    let deep = format!("  - {{check: {{a: {}{}}}}}", "[".repeat(100), "]".repeat(100));
    assert!(wrong(&deep).contains("at most 64 levels deep"));
    let many = "  - {reset: true}\n".repeat(5_001);
    assert!(
        wrong(&many)
            .starts_with("step 5001 (line 5003): with this step the scenario does more than 5000 steps")
    );
    let rounds = "  - {repeat: 2500, steps: [{reset: true}, {reset: true}]}\n";
    assert!(parse(&format!("name: x\nsteps:\n{rounds}")).is_ok());
    assert!(wrong(&format!("{rounds}  - {{reset: true}}")).starts_with("step 2 (line 4): with this step"));
    let step = |number: u32| format!("  - {{op: create_pet, body: 1, save: {{v{number}: /x}}}}");
    let saves = (0..1_001).map(step).collect::<Vec<_>>().join("\n");
    assert!(wrong(&saves).starts_with("step 1001 (line 1003): the scenario saves more than 1000 variables"));
}

#[test]
fn a_file_in_json_is_a_scenario_too() {
    let file = json!({"name": "pets", "seed": u64::MAX, "steps": [{"op": "read_pet", "path": {"name": "a\u{e9}\"\n"}}]});
    let scenario = parse(&serde_json::to_string_pretty(&file).unwrap()).unwrap();
    assert_eq!((scenario.name.as_str(), scenario.seed), ("pets", Some(u64::MAX)));
}

#[test]
fn a_step_that_expects_a_refusal_may_break_the_contract() {
    for step in [
        "{op: list_pets, expect: 400}",
        "{op: create_pet, expect: [400, 415]}",
        "{op: list_pets, query: {x: 1}, expect: {status: 400}}",
    ] {
        assert!(parse(&format!("name: x\nsteps:\n  - {step}")).is_ok(), "{step}");
    }
    let error = wrong("  - {op: list_pets, expect: [200, 400]}");
    assert!(error.ends_with("`query.owner` is missing: the operation requires it"), "{error}");
}
