//! The commands for the console of a running host, where there is none or where they are used wrongly.

use std::process::Output;

use crate::harness::{Process, portdesk, serve};

fn ended(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = portdesk(arguments).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// A command of each kind, with what it needs.
const COMMANDS: [&[&str]; 12] = [
    &["reset"],
    &["restore", "a"],
    &["snapshot"],
    &["snapshot", "a"],
    &["clock"],
    &["clock", "freeze"],
    &["clock", "advance", "1h"],
    &["fault", "list"],
    &["fault", "add", "answer", "lost"],
    &["space", "create", "a"],
    &["journal"],
    &["journal", "--follow"],
];

#[test]
fn a_command_without_a_console_says_where_it_looked() {
    let data = tempfile::tempdir().unwrap();
    let _host = Process::start(data.path(), &["--store", "memory"]);
    let folder = data.path().to_str().unwrap();
    for command in COMMANDS {
        let (code, said) = ended(&[command, &["--data-dir", folder]].concat());
        assert_eq!(code, Some(1), "{command:?}: {said}");
        assert!(said.contains(folder) && said.contains("--console"), "{command:?}: {said}");
        // Without a token nothing is sent.
        let (code, said) = ended(&[command, &["--console", "http://127.0.0.1:9"]].concat());
        assert_eq!(code, Some(2), "{command:?}: {said}");
        assert!(said.contains("PORTDESK_CONSOLE_TOKEN"), "{command:?}: {said}");
    }
    assert!(!data.path().join("console.address").exists());
}

#[test]
fn a_command_that_is_used_wrongly_says_so_before_it_looks_for_a_host() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    std::fs::write(&list, "- a\n").unwrap();
    let list = list.to_str().unwrap();
    for command in [
        &["clock", "advance", "-1h"][..],
        &["clock", "advance", "soon"],
        &["clock", "freeze", "--at", "noon"],
        &["snapshot", "../keys"],
        &["snapshot", "--delete"],
        &["space", "create", "A"],
        &["fault", "add", "roof", "lost"],
        &["fault", "add", "answer", "{lost"],
        &["journal", "--follow", "--har"],
        &["check", "missing.yaml"],
        &["check", list],
        &["check", list, "--within", "61s"],
        &["seed", "missing.yaml"],
    ] {
        let (code, said) = ended(command);
        assert_eq!(code, Some(2), "{command:?}: {said}");
    }
}

#[test]
fn a_command_repeats_the_words_of_the_console() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let host = Process::spawn(&mut serve(data.path(), &["--store", "memory", "--console", "127.0.0.1:0"]));
    let (url, _) = host.console();
    let asked =
        portdesk(&["snapshot", "--console", url]).env("PORTDESK_CONSOLE_TOKEN", "wrong").output().unwrap();
    let said = String::from_utf8(asked.stderr).unwrap();
    assert_eq!(asked.status.code(), Some(1), "{said}");
    assert!(said.contains("Authorization: Bearer"), "{said}");
    host.kill();
    let (code, said) = ended(&["snapshot", "--data-dir", folder]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is its host running?"), "a killed host leaves its address: {said}");
}

/// A team's work with one host, by commands alone.
#[tokio::test(flavor = "multi_thread")]
async fn the_commands_do_what_the_routes_do() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let flags = ["--store", "memory", "--console", "127.0.0.1:0", "--controls"];
    let host = Process::start(data.path(), &flags);
    let done = |arguments: &[&str]| {
        let output = portdesk(&[arguments, &["--data-dir", folder]].concat()).output().unwrap();
        let (printed, said) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {printed}{said}");
        printed
    };
    done(&["clock", "freeze", "--at", "2030-03-02T09:00:00Z"]);
    assert!(done(&["clock", "advance", "1h"]).contains("2030-03-02T10:00:00Z"));
    let ticket = host.client().create("ada", "The VPN drops.").await;
    assert!(ticket["created_at"].as_str().unwrap().starts_with("2030-03-02T10:00:00"));
    assert!(done(&["snapshot", "one"]).contains("one"));
    assert!(done(&["fault", "add", "answer", "replaced: {status: 502}", "--times", "1"]).contains("fault-1"));
    assert!(done(&["fault", "list"]).contains("hits 0"));
    done(&["fault", "clear"]);
    let journal = done(&["journal"]);
    assert!(journal.contains("POST   /tickets") && journal.contains("201"), "{journal}");
    let archive: serde_json::Value = serde_json::from_str(&done(&["journal", "--har"])).unwrap();
    assert_eq!(archive["log"]["entries"].as_array().unwrap().len(), 1);
    assert!(!archive.to_string().contains(crate::harness::KEY), "a key is never in the journal");

    let expected = data.path().join("expected.yaml");
    let expected = expected.to_str().unwrap();
    std::fs::write(
        expected,
        "calls: [{op: create_ticket, status: 201}]\nitems: [{where: {/caller_id: ada}}]\n",
    )
    .unwrap();
    assert!(done(&["check", expected]).starts_with("held: "));
    let reset = done(&["reset"]);
    assert!(reset.contains("items before: 1") && reset.contains("before-reset"), "{reset}");
    let checked = portdesk(&["check", expected, "--within", "10ms", "--data-dir", folder]).output().unwrap();
    assert_eq!(checked.status.code(), Some(1));
    assert!(String::from_utf8(checked.stdout).unwrap().contains("not held: calls[0]"));
    done(&["restore", "one"]);
    host.client().get(&crate::harness::path(&ticket)).await.expect(200);

    let made: serde_json::Value =
        serde_json::from_str(&done(&["space", "create", "blue", "--from", "one", "--json"])).unwrap();
    let agent = crate::harness::Client::new(&host.url, made["keys"]["agent"].as_str());
    agent.get(&crate::harness::path(&ticket)).await.expect(200);
    assert!(done(&["space", "list"]).contains("blue"));
    done(&["space", "drop", "blue"]);
    agent.get(&crate::harness::path(&ticket)).await.expect(403);
    let (code, said) = ended(&["restore", "none", "--data-dir", folder]);
    assert!(code == Some(1) && said.contains("there is no snapshot none"), "{said}");
}

#[test]
fn a_seed_says_in_one_sentence_what_it_did_or_where_it_failed() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let _host = Process::start(data.path(), &["--store", "memory", "--console", "127.0.0.1:0", "--controls"]);
    let steps = data.path().join("steps.yaml");
    let create = "op: create_ticket, body: {caller_id: ada, issue_description: x}";
    std::fs::write(&steps, format!("name: monday\nsteps:\n  - {{{create}}}\n  - {{{create}}}\n")).unwrap();
    let steps = steps.to_str().unwrap();
    let output = portdesk(&["seed", steps, "--data-dir", folder]).output().unwrap();
    let seeded = String::from_utf8(output.stdout).unwrap();
    assert!(seeded.starts_with("monday: 2 steps done (") && seeded.lines().count() == 1, "{seeded}");
    std::fs::write(
        steps,
        format!(
            "name: monday\nsteps:\n  - {{{create}}}\n  - {{op: create_ticket, body: {{caller_id: ada}}}}\n"
        ),
    )
    .unwrap();
    let (code, said) = ended(&["seed", steps, "--data-dir", folder]);
    assert_eq!((code, said.trim_end().lines().count()), (Some(1), 1), "{said}");
    for part in [
        "steps.yaml, line 4: step 2 (create_ticket",
        "failed: status: wanted 200 to 299, found 400; the answer says: ",
        "; the space is as before",
    ] {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
}
