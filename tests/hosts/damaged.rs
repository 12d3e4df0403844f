//! Items of the keys that somebody damages.

use serde_json::{Value, json};

use super::{Host, Key, create_key, end, printed, refused, within_five_seconds};
use crate::harness::{PATIENT, TABLE, Table, on_dynamodb, portdesk, serve, with_credentials};

/// Writes one of the two reserved items, as somebody with access to the table can.
async fn put(table: &Table, name: &str, attributes: Value) {
    let mut item = json!({ "ticket_id": { "S": format!("{name:-<129}") } });
    item.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
    table.call("PutItem", &json!({ "TableName": TABLE, "Item": item })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_keys_are_refused_with_a_clear_text_and_the_last_good_ones_stay_valid() {
    let table = Table::create().await;
    let key = create_key(&table, &[]);
    let hosts = [Host::start(&table.server.endpoint, &PATIENT)];
    within_five_seconds(&hosts, &key, 200).await;
    let [host] = &hosts;
    let large = format!("{{\"keys\":[]{}}}", " ".repeat(395_000));
    let text = |text: &str| json!({ "portdesk_keys": { "S": text } });
    for (number, (attributes, says)) in [
        (
            text("{\"keys\":[{\"id\":\"portdesk_secret\"}"),
            "the keys in the table are damaged at line 1, column",
        ),
        (text("\u{0}"), "the keys in the table are damaged at line 1, column 1"),
        (text(&large), "the keys in the table have 395011 bytes, more than 393216"),
        (json!({ "portdesk_keys": { "N": "1" } }), "the attribute portdesk_keys is not a text"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut attributes = attributes;
        attributes["portdesk_version"] = json!({ "N": number.to_string() });
        put(&table, "portdesk_keys", attributes).await;
        put(&table, "portdesk_keys_version", json!({ "portdesk_version": { "N": number.to_string() } }))
            .await;
        if number == 0 {
            host.logged.wait_for(1, says).await;
        }
        assert_eq!((host.status(&key.secret).await, host.status("portdesk_wrong").await), (200, 403));
        for command in [&["key", "list"][..], &["key", "revoke", &key.id], &["plan", "create", "nightly"]] {
            let said = refused(&table, command);
            assert!(said.contains(says) && !said.contains("secret"), "{said}");
        }
        let data = tempfile::tempdir().unwrap();
        let mut other = with_credentials(serve(data.path(), &on_dynamodb(&table.server.endpoint)));
        let ended = other.args(["--keys", "table"]).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains("portdesk: --keys table: ") && said.contains(says), "{said}");
    }
    assert_eq!(host.logged.lines("the list of keys cannot be used"), 1, "{}", host.logged.text());
    assert!(!host.logged.text().contains("secret"));

    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let made = portdesk(&["key", "create", "agent", "--data-dir", folder]).output().unwrap();
    let secret = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    printed(&table, &["key", "share", "--replace", "--data-dir", folder]);
    within_five_seconds(&hosts, &Key { id: String::new(), secret }, 200).await;
    within_five_seconds(&hosts, &key, 403).await;
    end(hosts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_somebody_removes_stay_valid_until_the_operator_acts() {
    let table = Table::create().await;
    let key = create_key(&table, &[]);
    let hosts = [Host::start(&table.server.endpoint, &PATIENT)];
    within_five_seconds(&hosts, &key, 200).await;
    for name in ["portdesk_keys", "portdesk_keys_version"] {
        let delete = json!({ "TableName": TABLE, "Key": { "ticket_id": { "S": format!("{name:-<129}") } } });
        table.call("DeleteItem", &delete).await;
    }
    let [host] = &hosts;
    host.logged.wait_for(1, "there are no keys in the table any more").await;
    assert_eq!(host.status(&key.secret).await, 200);
    let next = create_key(&table, &[]);
    within_five_seconds(&hosts, &next, 200).await;
    within_five_seconds(&hosts, &key, 403).await;
    end(hosts);
}
