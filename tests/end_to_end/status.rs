//! Moving tickets from status to status.

use serde_json::json;

use super::{create, path, set_status};
use crate::harness::Client;

pub async fn a_ticket_moves_along_its_transitions(client: Client) {
    let ticket = create(&client, "ada", "The VPN drops.").await;
    for status in ["in_progress", "on_hold", "resolved", "open", "resolved"] {
        assert_eq!(set_status(&client, &ticket, status).await["status"], status);
    }
    let body = json!({ "status": "closed", "comment": "Solved by a new router." });
    let closed = client.send("PATCH", &path(&ticket), &[], Some(&body)).await.expect(200).json();
    assert_eq!(closed["comments"][0]["comment"], "Solved by a new router.");
    assert_eq!(client.get(&path(&ticket)).await.expect(200).json(), closed);
    let reopened = client.send("PATCH", &path(&ticket), &[], Some(&json!({ "status": "open" }))).await;
    assert!(reopened.expect(409).text().contains("closed"));
    client.send("PATCH", &path(&ticket), &[], Some(&json!({ "status": "done" }))).await.expect(400);
}

pub async fn a_lost_race_is_seen_by_its_version(client: Client) {
    let ticket = create(&client, "ada", "The VPN drops.").await;
    let etag = client.get(&path(&ticket)).await.header("etag").to_owned();
    let at = [("if-match", etag.as_str())];
    let resolve = json!({ "status": "resolved" });
    client.send("PATCH", &path(&ticket), &at, Some(&resolve)).await.expect(200);
    let cancel = json!({ "status": "cancelled" });
    client.send("PATCH", &path(&ticket), &at, Some(&cancel)).await.expect(412);
    assert_eq!(client.get(&path(&ticket)).await.expect(200).json()["status"], "resolved");
}
