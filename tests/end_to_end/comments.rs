//! Adding comments.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{create, path, set_status};
use crate::harness::Client;

fn comments_path(ticket: &Value) -> String {
    format!("{}/comments", path(ticket))
}

pub async fn comments_are_kept_in_order(client: Client) {
    let ticket = create(&client, "ada", "The VPN drops.").await;
    let mut added = Vec::new();
    for text in ["one", "two", "three"] {
        let body = json!({ "comment": text, "author": "eva" });
        let answer = client.post(&comments_path(&ticket), &body).await.expect(200).json();
        assert_eq!(answer["success"], true);
        assert_eq!(answer["ticket_id"], ticket["ticket_id"]);
        added.push(answer["comment"].clone());
    }
    let ticket = client.get(&path(&ticket)).await.expect(200).json();
    assert_eq!(ticket["comments"], Value::Array(added));
}

pub async fn racing_comments_are_all_kept(client: Client) {
    let ticket = create(&client, "ada", "The VPN drops.").await;
    let mut writers = JoinSet::new();
    for writer in 0..32 {
        let (client, path) = (client.clone(), comments_path(&ticket));
        writers.spawn(async move {
            client.post(&path, &json!({ "comment": format!("{writer}") })).await.expect(200);
        });
    }
    writers.join_all().await;
    let ticket = client.get(&path(&ticket)).await.expect(200).json();
    let texts = ticket["comments"].as_array().unwrap().iter();
    let texts: BTreeSet<_> = texts.map(|comment| comment["comment"].as_str().unwrap()).collect();
    assert_eq!(texts.len(), 32);
}

pub async fn a_replayed_comment_is_stored_once(client: Client) {
    let ticket = create(&client, "ada", "The VPN drops.").await;
    let body = json!({ "comment": "once" });
    let keyed = [("idempotency-key", "k-1")];
    let first = client.send("POST", &comments_path(&ticket), &keyed, Some(&body)).await.expect(200);
    set_status(&client, &ticket, "cancelled").await;
    let replay = client.send("POST", &comments_path(&ticket), &keyed, Some(&body)).await.expect(200);
    assert_eq!(replay.json(), first.json(), "also when the ticket takes no more comments");
    let other = json!({ "comment": "another" });
    client.send("POST", &comments_path(&ticket), &keyed, Some(&other)).await.expect(422);
    let ticket = client.get(&path(&ticket)).await.expect(200).json();
    assert_eq!(ticket["comments"], json!([first.json()["comment"]]));
}

pub async fn a_closed_ticket_takes_no_comment(client: Client) {
    let ticket = create(&client, "ada", "The VPN drops.").await;
    set_status(&client, &ticket, "cancelled").await;
    client.post(&comments_path(&ticket), &json!({ "comment": "late" })).await.expect(409);
    let nobody = "/tickets/00000000-0000-4000-8000-000000000000/comments";
    client.post(nobody, &json!({ "comment": "lost" })).await.expect(404);
}
