//! The commands for plans and keys, while a host runs.

use std::path::Path;

use serde_json::json;

use super::printed;
use crate::harness::{Client, Process, run, serve, until};

/// Runs a command on a folder, which must succeed.
fn on(data: &Path, arguments: &[&str]) -> String {
    printed(&[arguments, &["--data-dir", data.to_str().unwrap()]].concat())
}

/// Runs a command on a folder, which must fail. Returns its error.
fn refused(data: &Path, arguments: &[&str]) -> String {
    let output = run(&[arguments, &["--data-dir", data.to_str().unwrap()]].concat());
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// The 8 characters that name a key.
fn id(key: &str) -> &str {
    &key["portdesk_".len()..][..8]
}

/// Waits until a client gets this status.
async fn until_answered(client: &Client, status: u16) {
    let answered = async || client.get("/tickets?caller=ada").await.status == status;
    until(&format!("the host answers {status}"), answered).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_keys_of_a_rotation_are_one_client_until_the_old_one_is_revoked() {
    let data = tempfile::tempdir().unwrap();
    let flags = ["--rate", "100000", "--burst", "1000000", "--quota", "1000000", "--period", "day"];
    on(data.path(), &[&["plan", "create", "large"][..], &flags].concat());
    let old = on(data.path(), &["key", "create", "agent", "--plan", "large"]);
    let (old, host) = (old.trim(), Process::start(data.path(), &[]));
    let new = on(data.path(), &["key", "rotate", id(old)]);
    let new = new.trim();
    let [before, after] = [old, new].map(|key| Client::new(&host.url, Some(key)));
    until_answered(&after, 200).await;
    let body = json!({ "caller_id": "ada", "issue_description": "The VPN drops." });
    let keyed = [("idempotency-key", "k-1")];
    let first = before.send("POST", "/tickets", &keyed, Some(&body)).await.expect(201);
    let second = after.send("POST", "/tickets", &keyed, Some(&body)).await.expect(201);
    assert_eq!(first.json()["ticket_id"], second.json()["ticket_id"], "they share what they sent before");
    let listed = on(data.path(), &["key", "list"]);
    assert_eq!(listed.matches("plan large, 3/1000000 this day").count(), 2, "they share a quota: {listed}");
    assert!(listed.contains(id(old)) && listed.contains("agent") && !listed.contains(old), "{listed}");
    assert!(refused(data.path(), &["key", "rotate", id(new)]).contains("already has two keys"));

    on(data.path(), &["key", "revoke", id(old)]);
    until_answered(&before, 403).await;
    after.get("/tickets?caller=ada").await.expect(200);
    assert!(refused(data.path(), &["key", "rotate", id(old)]).contains("is revoked"));
    on(data.path(), &["key", "rotate", id(new)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_and_its_keys_change_while_the_host_runs() {
    let data = tempfile::tempdir().unwrap();
    on(data.path(), &["plan", "create", "tiny", "--quota", "1"]);
    let key = on(data.path(), &["key", "create", "agent", "--plan", "tiny"]);
    let host = Process::start(data.path(), &[]);
    let client = Client::new(&host.url, Some(key.trim()));
    client.get("/tickets?caller=ada").await.expect(200);
    client.get("/tickets?caller=ada").await.expect(429);
    on(data.path(), &["plan", "create", "tiny", "--replace", "--quota", "1000000"]);
    until_answered(&client, 200).await;
    assert!(refused(data.path(), &["plan", "delete", "tiny"]).contains("1 active keys are on plan tiny"));
    on(data.path(), &["key", "attach", id(&key), "--plan", "default"]);
    on(data.path(), &["plan", "delete", "tiny"]);
    let listed = on(data.path(), &["key", "list"]);
    assert!(listed.contains("plan default, ") && listed.contains("/10000 this month"), "{listed}");
}

#[test]
fn plans_are_made_listed_and_deleted() {
    let data = tempfile::tempdir().unwrap();
    let default = "default  50 requests a second, burst 100, 10000 a month, 0 active keys\n";
    assert_eq!(on(data.path(), &["plan", "list"]), default);
    let flags = ["--rate", "5", "--burst", "7", "--quota", "none", "--read-only"];
    on(data.path(), &[&["plan", "create", "slow"][..], &flags].concat());
    assert!(refused(data.path(), &["plan", "create", "slow"]).contains("--replace"));
    assert!(refused(data.path(), &["plan", "create", "default"]).contains("--replace"));
    assert!(refused(data.path(), &["key", "create", "agent", "--plan", "fast"]).contains("no plan fast"));
    let slow = "slow  5 requests a second, burst 7, no quota, read only, 0 active keys\n";
    assert_eq!(on(data.path(), &["plan", "list"]), format!("{default}{slow}"));
    on(data.path(), &["plan", "create", "slow", "--replace"]);
    assert!(!on(data.path(), &["plan", "list"]).contains("read only"));
    on(data.path(), &["plan", "delete", "slow"]);
    assert!(refused(data.path(), &["plan", "delete", "slow"]).contains("no plan slow"));
    assert_eq!(on(data.path(), &["plan", "list"]), default);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_start_shows_a_key_although_there_is_a_plan() {
    let data = tempfile::tempdir().unwrap();
    on(data.path(), &["plan", "create", "slow"]);
    let mut command = serve(data.path(), &["--log-level", "error"]);
    let host = Process::spawn(command.env_remove("PORTDESK_API_KEY"));
    assert!(host.banner.contains("shown this once"), "{}", host.banner);
}
