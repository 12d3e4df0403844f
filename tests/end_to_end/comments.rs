//! Adding comments.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::set_status;
use crate::harness::{Client, comments_path, path};

pub async fn comments_are_kept_in_order(client: Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
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
    let ticket = client.create("ada", "The VPN drops.").await;
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
    let ticket = client.create("ada", "The VPN drops.").await;
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

pub async fn a_comment_is_made_at_the_version_that_it_asks_for_alone(client: Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
    let etag = client.get(&path(&ticket)).await.header("etag").to_owned();
    let comment = |text: &str| json!({ "comment": text });
    let at = [("if-match", etag.as_str()), ("idempotency-key", "k-1")];
    let send = async |headers: &[(&str, &str)], text: &str| {
        client.send("POST", &comments_path(&ticket), headers, Some(&comment(text))).await
    };
    let first = send(&at, "one").await.expect(200).json();
    assert_eq!(send(&at, "one").await.expect(200).json(), first, "a repeat is answered as the first time");
    send(&at[..1], "two").await.expect(412);
    send(&[("if-match", &format!("W/{etag}"))], "two").await.expect(412);
    send(&[("if-none-match", "*")], "two").await.expect(412);
    send(&[("if-match", "1")], "two").await.expect(400);
    send(&[("if-match", "*"), ("if-none-match", &etag)], "two").await.expect(200);
    let list = format!("{etag}, {}", client.get(&path(&ticket)).await.header("etag"));
    send(&[("if-match", &list)], "three").await.expect(200);
    send(&[("if-match", &list)], "four").await.expect(412);
    let kept = client.get(&path(&ticket)).await.expect(200).json();
    let texts: Vec<_> = kept["comments"].as_array().unwrap().iter().map(|kept| &kept["comment"]).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    let nobody = "/tickets/00000000-0000-4000-8000-000000000000/comments";
    for condition in [("if-match", "*"), ("if-match", "\"1\""), ("if-none-match", "*")] {
        client.send("POST", nobody, &[condition], Some(&comment("lost"))).await.expect(404);
    }
}

pub async fn racing_comments_at_one_version_make_one(client: Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
    let etag = client.get(&path(&ticket)).await.header("etag").to_owned();
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let (client, path, etag) = (client.clone(), comments_path(&ticket), etag.clone());
        writers.spawn(async move {
            let body = json!({ "comment": format!("{writer}") });
            client.send("POST", &path, &[("if-match", &etag)], Some(&body)).await.status
        });
    }
    let mut statuses = writers.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    let ticket = client.get(&path(&ticket)).await.expect(200).json();
    assert_eq!(ticket["comments"].as_array().unwrap().len(), 1);
}

pub async fn a_full_ticket_takes_no_comment_and_can_still_be_closed(client: Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
    let long = json!({ "comment": "\u{1f4a5}".repeat(4000) });
    let mut stored = 0;
    while client.post(&comments_path(&ticket), &long).await.status == 200 {
        stored += 1;
        assert!(stored < 30, "16,000 bytes each fit into 400 KiB at most 25 times");
    }
    client.post(&comments_path(&ticket), &long).await.expect(409);
    for short in 0..200 {
        if client.post(&comments_path(&ticket), &json!({ "comment": "x".repeat(200) })).await.status == 409 {
            break;
        }
        stored += 1;
        assert!(short < 199, "the rest takes fewer than 200 short ones");
    }
    set_status(&client, &ticket, "on_hold").await;
    set_status(&client, &ticket, "in_progress").await;
    let closed = set_status(&client, &ticket, "cancelled").await;
    assert_eq!(closed["comments"].as_array().unwrap().len(), stored, "nothing is lost");
}

pub async fn a_closed_ticket_takes_no_comment(client: Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
    set_status(&client, &ticket, "cancelled").await;
    client.post(&comments_path(&ticket), &json!({ "comment": "late" })).await.expect(409);
    let nobody = "/tickets/00000000-0000-4000-8000-000000000000/comments";
    client.post(nobody, &json!({ "comment": "lost" })).await.expect(404);
}
