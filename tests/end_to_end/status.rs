//! Moving tickets from status to status.

use serde_json::json;

use super::set_status;
use crate::harness::{Client, path};

pub async fn a_ticket_moves_along_its_transitions(client: Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
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
    let ticket = client.create("ada", "The VPN drops.").await;
    let etag = client.get(&path(&ticket)).await.header("etag").to_owned();
    let at = [("if-match", etag.as_str())];
    let resolve = json!({ "status": "resolved" });
    client.send("PATCH", &path(&ticket), &at, Some(&resolve)).await.expect(200);
    let cancel = json!({ "status": "cancelled" });
    client.send("PATCH", &path(&ticket), &at, Some(&cancel)).await.expect(412);
    assert_eq!(client.get(&path(&ticket)).await.expect(200).json()["status"], "resolved");
}

pub async fn a_move_that_is_to_find_no_ticket_is_not_made(client: Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
    let etag = client.get(&path(&ticket)).await.header("etag").to_owned();
    let resolve = json!({ "status": "resolved" });
    let send = async |headers: &[(&str, &str)]| {
        client.send("PATCH", &path(&ticket), headers, Some(&resolve)).await.status
    };
    assert_eq!(send(&[("if-none-match", "*")]).await, 412);
    assert_eq!(send(&[("if-none-match", &format!("W/{etag}"))]).await, 412);
    assert_eq!(send(&[("if-match", &etag), ("if-none-match", &etag)]).await, 412);
    assert_eq!(send(&[("if-none-match", "1")]).await, 400);
    assert_eq!(client.get(&path(&ticket)).await.expect(200).json(), ticket, "nothing was changed");
    assert_eq!(send(&[("if-match", &etag), ("if-none-match", "\"x\"")]).await, 200);
    let nobody = "/tickets/00000000-0000-4000-8000-000000000000";
    client.send("PATCH", nobody, &[("if-none-match", "*")], Some(&resolve)).await.expect(404);
}
