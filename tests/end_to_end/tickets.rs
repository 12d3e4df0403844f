//! Creating and reading tickets.

use serde_json::json;

use super::set_status;
use crate::harness::{Client, comments_path, path};

pub async fn a_created_ticket_is_found_where_its_location_says(client: Client) {
    let body =
        json!({ "caller_id": "ada", "issue_description": "The VPN drops.\n\tEvery hour: \u{1f527} \"né\"" });
    let created = client.post("/tickets", &body).await.expect(201);
    let found = client.get(created.header("location")).await.expect(200);
    assert_eq!(found.json(), created.json());
    assert_eq!(found.header("etag"), created.header("etag"));
    assert_eq!(found.json()["issue_description"], body["issue_description"]);
    assert_eq!(found.json()["status"], "open");
}

pub async fn a_replayed_create_gives_the_first_answer(client: Client) {
    let body = json!({ "caller_id": "ada", "issue_description": "once" });
    let keyed = |key: &'static str| [("idempotency-key", key)];
    let first = client.send("POST", "/tickets", &keyed("k-1"), Some(&body)).await.expect(201);
    set_status(&client, &first.json(), "resolved").await;
    let replay = client.send("POST", "/tickets", &keyed("k-1"), Some(&body)).await.expect(201);
    assert_eq!(replay.json(), first.json());
    assert_eq!(replay.header("etag"), first.header("etag"));
    let other = json!({ "caller_id": "ada", "issue_description": "another" });
    client.send("POST", "/tickets", &keyed("k-1"), Some(&other)).await.expect(422);
    let next = client.send("POST", "/tickets", &keyed("k-2"), Some(&body)).await.expect(201);
    assert_ne!(next.json()["ticket_id"], first.json()["ticket_id"]);
    let list = client.get("/tickets?caller=ada").await.expect(200).json();
    assert_eq!(list["tickets"].as_array().unwrap().len(), 2);
}

pub async fn bad_bodies_are_refused_with_the_field_they_name(client: Client) {
    let long = "x".repeat(4001);
    let cases = [
        (json!({ "issue_description": "x" }), "caller_id"),
        (json!({ "caller_id": "", "issue_description": "x" }), "caller_id"),
        (json!({ "caller_id": "y".repeat(129), "issue_description": "x" }), "caller_id"),
        (json!({ "caller_id": "ada", "issue_description": long }), "issue_description"),
        (json!({ "caller_id": "ada", "issue_description": "a\u{0}b" }), "issue_description"),
        (json!({ "caller_id": 7, "issue_description": "x" }), "caller_id"),
        (json!({ "caller_id": "ada", "issue_description": "x", "priority": 1 }), "priority"),
        (json!(["ada", "x"]), "object"),
        (json!("ada"), "object"),
    ];
    for (body, named) in cases {
        let answer = client.post("/tickets", &body).await.expect(400);
        assert!(answer.text().contains(named), "{body} -> {}", answer.text());
    }
    let list = client.get("/tickets?caller=ada").await.expect(200).json();
    assert_eq!(list["tickets"], json!([]), "nothing was stored");
}

pub async fn an_unchanged_ticket_is_not_sent_again(client: Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
    let etag = client.get(&path(&ticket)).await.header("etag").to_owned();
    let unchanged = [("if-none-match", etag.as_str())];
    client.send("GET", &path(&ticket), &unchanged, None).await.expect(304);
    set_status(&client, &ticket, "in_progress").await;
    client.send("GET", &path(&ticket), &unchanged, None).await.expect(200);
}

pub async fn a_ticket_at_another_version_is_not_sent(client: Client) {
    let ticket = client.create("ada", "The VPN drops.").await;
    let etag = client.get(&path(&ticket)).await.header("etag").to_owned();
    let known = [("if-match", etag.as_str())];
    for method in ["GET", "HEAD"] {
        client.send(method, &path(&ticket), &known, None).await.expect(200);
        client.send(method, &path(&ticket), &[known[0], ("if-none-match", "*")], None).await.expect(304);
    }
    set_status(&client, &ticket, "in_progress").await;
    for method in ["GET", "HEAD"] {
        client.send(method, &path(&ticket), &known, None).await.expect(412);
        client.send(method, &path(&ticket), &[known[0], ("if-none-match", "*")], None).await.expect(412);
        client.send(method, &path(&ticket), &[("if-match", "1")], None).await.expect(400);
        client.send(method, "/tickets?caller=ada", &known, None).await.expect(412);
        client.send(method, "/tickets?caller=ada", &[("if-none-match", "*")], None).await.expect(304);
    }
    let body = json!({ "caller_id": "ada", "issue_description": "Another." });
    client.send("POST", "/tickets", &[("if-match", "*")], Some(&body)).await.expect(412);
    client.send("POST", "/tickets", &[("if-none-match", "*")], Some(&body)).await.expect(201);
}

pub async fn ends_of_lines_are_kept_as_line_feeds(client: Client) {
    let keyed = [("idempotency-key", "k-1")];
    let body = |text: &str| json!({ "caller_id": "ada\r\n", "issue_description": text });
    let first = client.send("POST", "/tickets", &keyed, Some(&body("a\r\nb\rc\nd"))).await.expect(201).json();
    assert_eq!(first["issue_description"], "a\nb\nc\nd");
    assert_eq!(client.get(&path(&first)).await.expect(200).json(), first);
    let repeat =
        client.send("POST", "/tickets", &keyed, Some(&body("a\nb\nc\r\nd"))).await.expect(201).json();
    assert_eq!(repeat, first);
    for caller in ["ada%0A", "ada%0D", "ada%0D%0A"] {
        let list = client.get(&format!("/tickets?caller={caller}")).await.expect(200).json();
        assert_eq!(list["tickets"][0]["ticket_id"], first["ticket_id"], "{caller}");
    }
    let comment = json!({ "comment": "\r\n".repeat(4000), "author": "eva\r" });
    let comments = comments_path(&first);
    let kept = client.post(&comments, &comment).await.expect(200).json()["comment"].clone();
    assert_eq!((&kept["comment"], &kept["author"]), (&json!("\n".repeat(4000)), &json!("eva\n")));
    client.post(&comments, &json!({ "comment": "\r\n".repeat(4001) })).await.expect(400);
}
