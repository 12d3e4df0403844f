//! Keys that begin and end on all hosts.

use serde_json::{Value, json};

use super::{Host, Key, create_key, end, printed, refused, three, within_five_seconds};
use crate::harness::{
    KEY, PATIENT, Process, TABLE, Table, on_dynamodb, portdesk, run, serve, until, with_credentials,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_begins_and_ends_on_all_hosts_within_five_seconds() {
    let table = Table::create().await;
    let hosts = three(&table);
    for host in &hosts {
        assert!(!host.logged.host.banner.contains("shown this once"), "{}", host.logged.host.banner);
        assert!(host.logged.host.banner.contains("with keys and plans"), "{}", host.logged.host.banner);
        assert!(host.logged.host.banner.contains("a quota on all hosts of the table together"));
        assert_eq!(host.status(KEY).await, 200, "the key of the environment needs no table");
    }
    let key = create_key(&table, &[]);
    within_five_seconds(&hosts, &key, 200).await;
    let second = printed(&table, &["key", "rotate", &key.id]);
    let second = Key { id: second["portdesk_".len()..][..8].to_owned(), secret: second.trim().to_owned() };
    within_five_seconds(&hosts, &second, 200).await;
    let said = printed(&table, &["key", "revoke", &key.id]);
    assert!(said.contains("the hosts of the table apply it within five seconds"), "{said}");
    within_five_seconds(&hosts, &key, 403).await;
    for host in &hosts {
        assert_eq!(host.status(&second.secret).await, 200, "the other key of the client");
    }
    end(hosts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_changes_on_all_hosts_and_its_texts_say_whose_limits_it_has() {
    let table = Table::create().await;
    let hosts = three(&table);
    let key = create_key(&table, &[]);
    within_five_seconds(&hosts, &key, 200).await;
    let made = printed(&table, &["plan", "create", "auditor", "--read-only", "--quota", "none"]);
    assert_eq!(made, "auditor  50 requests a second on each host, burst 100, no quota, read only\n");
    printed(&table, &["key", "attach", &key.id, "--plan", "auditor"]);
    let body = json!({ "caller_id": "ada", "issue_description": "The VPN drops." });
    for host in &hosts {
        let client = host.client(&key.secret);
        until("it may only read", async || client.post("/tickets", &body).await.status == 403).await;
    }
    assert!(printed(&table, &["plan", "list"]).contains("read only, 1 active keys"));
    assert!(refused(&table, &["plan", "delete", "auditor"]).contains("1 active keys are on plan auditor"));
    end(hosts);
}

/// A table that is scanned shows what is in it, and a client of the API sees nothing of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_has_only_digests_and_no_client_sees_them() {
    let table = Table::create().await;
    let key = create_key(&table, &[]);
    let host = Host::start(&table.server.endpoint, &PATIENT);
    let client = host.client(&key.secret);
    client.create("ada", "The VPN drops.").await;
    let scanned = table.call("Scan", &json!({ "TableName": TABLE })).await;
    let random = &key.secret["portdesk_".len() + 8..];
    assert!(scanned.to_string().contains(&key.id) && !scanned.to_string().contains(random));
    let reserved: Vec<&Value> =
        scanned["Items"].as_array().unwrap().iter().map(|item| &item["ticket_id"]["S"]).collect();
    assert_eq!(reserved.iter().filter(|id| id.as_str().unwrap().starts_with("portdesk_keys")).count(), 2);
    for id in reserved.iter().map(|id| id.as_str().unwrap()).filter(|id| id.starts_with("portdesk_")) {
        assert!(id.len() > 128, "{id}");
        let answer = client.get(&format!("/tickets/{id}")).await;
        assert!([400, 404].contains(&answer.status), "{}", answer.text());
    }
    let index = table.call("Scan", &json!({ "TableName": TABLE, "IndexName": "CallerIdIndex" })).await;
    assert_eq!((scanned["Count"].as_u64() > Some(2), &index["Count"]), (true, &json!(1)), "{index}");
    host.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_folder_shares_its_keys_and_a_revoked_key_can_be_forgotten() {
    let table = Table::create().await;
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let made = run(&["key", "create", "agent", "--data-dir", folder]);
    let secret = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let key = Key { id: secret["portdesk_".len()..][..8].to_owned(), secret };
    run(&["plan", "create", "nightly", "--data-dir", folder]);
    let said = printed(&table, &["key", "share", "--data-dir", folder]);
    assert!(said.starts_with("the table has 1 keys and 1 plans"), "{said}");
    let host = [Host::start(&table.server.endpoint, &PATIENT)];
    within_five_seconds(&host, &key, 200).await;
    let said = refused(&table, &["key", "share", "--data-dir", folder]);
    assert!(said.contains("the table has keys; `--replace` replaces them"), "{said}");
    assert!(refused(&table, &["key", "forget", &key.id]).contains("is valid; `portdesk key revoke"));
    let other = create_key(&table, &["--plan", "nightly"]);
    printed(&table, &["key", "revoke", &key.id]);
    printed(&table, &["key", "forget", &key.id]);
    let listed = printed(&table, &["key", "list"]);
    assert!(listed.contains(&other.id) && !listed.contains(&key.id), "{listed}");
    printed(&table, &["key", "share", "--replace", "--data-dir", folder]);
    within_five_seconds(&host, &other, 403).await;
    within_five_seconds(&host, &key, 200).await;
    end(host);
}

#[test]
fn shared_keys_need_a_table() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    for (arguments, says) in [
        (&["--keys", "table", "--data-dir", folder][..], "--table <NAME>"),
        (&["--keys", "table", "--table", "tickets", "--data-dir", folder], "give --store dynamodb too"),
        (&["key", "list", "--keys", "table"], "--table <NAME>"),
        (&["key", "share", "--data-dir", folder], "there is no key in this folder"),
        (&["plan", "list", "--keys", "paper"], "--keys <PLACE>"),
    ] {
        let ended = portdesk(arguments).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(!ended.status.success() && said.contains(says), "{arguments:?}: {said}");
    }
}

/// A first key would be printed where nobody reads it, and by every host.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_without_keys_in_its_table_makes_none() {
    let table = Table::create().await;
    let data = tempfile::tempdir().unwrap();
    let mut serve = with_credentials(serve(data.path(), &on_dynamodb(&table.server.endpoint)));
    serve.args(["--keys", "table", "--log-level", "error"]).env_remove("PORTDESK_API_KEY");
    let host = Process::spawn(&mut serve);
    let made = format!("portdesk key create NAME --keys table --table {TABLE} --region us-east-1");
    assert!(host.banner.contains("none is active") && host.banner.contains(&made), "{}", host.banner);
    assert!(!data.path().join("keys.json").exists());
    assert!(printed(&table, &["key", "list"]).is_empty());
    host.end("TERM");
}
