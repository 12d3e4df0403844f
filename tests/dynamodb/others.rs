//! Other programs at the same table: they read what a host wrote, and a host serves what they wrote.

use serde_json::{Value, json};

use super::{Desk, comments_path, path};
use crate::harness::TABLE;

const ID: &str = "11111111-1111-4111-8111-111111111111";

/// A ticket as other programs write it: the seven attributes, and nothing that a host adds.
fn plain(comments: &Value) -> Value {
    json!({
        "ticket_id": { "S": ID },
        "caller_id": { "S": "ada" },
        "issue_description": { "S": "The VPN drops." },
        "status": { "S": "open" },
        "created_at": { "S": "2026-01-02T03:04:05.000006Z" },
        "updated_at": { "S": "2026-01-02T03:04:05.000006Z" },
        "comments": { "L": comments },
    })
}

fn comment(number: usize) -> Value {
    json!({ "M": {
        "comment_id": { "S": format!("22222222-2222-4222-8222-{number:012}") },
        "comment": { "S": format!("comment {number}") },
        "created_at": { "S": "2026-01-02T03:04:05.000006Z" },
    } })
}

async fn put(desk: &Desk, item: Value) -> Value {
    desk.table.call("PutItem", &json!({ "TableName": TABLE, "Item": item })).await;
    json!({ "ticket_id": ID })
}

async fn item(desk: &Desk, id: &str) -> Value {
    let body = json!({ "TableName": TABLE, "Key": { "ticket_id": { "S": id } }, "ConsistentRead": true });
    desk.table.call("GetItem", &body).await["Item"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_of_another_program_is_read_listed_commented_and_moved() {
    let desk = Desk::open().await;
    let ticket = put(&desk, plain(&json!([]))).await;
    let client = desk.client();
    let read = client.get(&path(&ticket)).await.expect(200).json();
    assert_eq!(read["issue_description"], "The VPN drops.");
    assert_eq!(read["comments"], json!([]));
    let list = client.get("/tickets?caller=ada").await.expect(200).json();
    assert_eq!(
        (&list["tickets"][0]["ticket_id"], &list["tickets"][0]["comment_count"]),
        (&json!(ID), &json!(0))
    );
    let added = client.post(&comments_path(&ticket), &json!({ "comment": "ours" })).await.expect(200).json();
    let body = json!({ "status": "resolved" });
    let moved = client.send("PATCH", &path(&ticket), &[], Some(&body)).await.expect(200).json();
    assert_eq!((&moved["status"], &moved["comments"]), (&json!("resolved"), &json!([added["comment"]])));
    let list = client.get("/tickets?caller=ada").await.expect(200).json();
    assert_eq!(list["tickets"][0]["comment_count"], 1);
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn comments_of_another_program_stay_before_ours_and_are_counted() {
    let desk = Desk::open().await;
    let ticket = put(&desk, plain(&json!([comment(1), comment(2)]))).await;
    let client = desk.client();
    let keyed = [("idempotency-key", "k-1")];
    for _ in 0..2 {
        client
            .send("POST", &comments_path(&ticket), &keyed, Some(&json!({ "comment": "ours" })))
            .await
            .expect(200);
    }
    let read = client.get(&path(&ticket)).await.expect(200).json();
    let texts =
        read["comments"].as_array().unwrap().iter().map(|comment| comment["comment"].as_str().unwrap());
    assert_eq!(texts.collect::<Vec<_>>(), ["comment 1", "comment 2", "ours"]);
    let list = client.get("/tickets?caller=ada").await.expect(200).json();
    assert_eq!(list["tickets"][0]["comment_count"], 3);
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_program_may_append_to_our_ticket_between_our_comments() {
    let desk = Desk::open().await;
    let (ticket, client) = (desk.ticket().await, desk.client());
    let comments = comments_path(&ticket);
    client.post(&comments, &json!({ "comment": "ours" })).await.expect(200);
    let append = json!({
        "TableName": TABLE,
        "Key": { "ticket_id": { "S": ticket["ticket_id"] } },
        "UpdateExpression": "SET comments = list_append(comments, :new)",
        "ExpressionAttributeValues": { ":new": { "L": [comment(1)] } },
    });
    desk.table.call("UpdateItem", &append).await;
    let keyed = [("idempotency-key", "k-1")];
    for _ in 0..2 {
        client.send("POST", &comments, &keyed, Some(&json!({ "comment": "ours again" }))).await.expect(200);
    }
    let read = client.get(&path(&ticket)).await.expect(200).json();
    let texts =
        read["comments"].as_array().unwrap().iter().map(|comment| comment["comment"].as_str().unwrap());
    assert_eq!(texts.collect::<Vec<_>>(), ["ours", "comment 1", "ours again"]);
    let list = client.get("/tickets?caller=ada").await.expect(200).json();
    assert_eq!(list["tickets"][0]["comment_count"], 3);
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_without_a_list_of_comments_takes_one() {
    let desk = Desk::open().await;
    let mut bare = plain(&json!([]));
    bare.as_object_mut().unwrap().remove("comments");
    let ticket = put(&desk, bare).await;
    let client = desk.client();
    assert_eq!(client.get(&path(&ticket)).await.expect(200).json()["comments"], json!([]));
    client.post(&comments_path(&ticket), &json!({ "comment": "ours" })).await.expect(200);
    assert_eq!(client.get(&path(&ticket)).await.expect(200).json()["comments"][0]["comment"], "ours");
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_programs_read_our_tickets_as_plain_attributes() {
    let desk = Desk::open().await;
    let ticket = desk.ticket().await;
    let client = desk.client();
    let body = json!({ "comment": "Since Monday.", "author": "eva" });
    let added = client.post(&comments_path(&ticket), &body).await.expect(200).json();
    let ticket = client.get(&path(&ticket)).await.expect(200).json();
    let stored = item(&desk, ticket["ticket_id"].as_str().unwrap()).await;
    for name in ["ticket_id", "caller_id", "issue_description", "status", "created_at", "updated_at"] {
        assert_eq!(stored[name]["S"], ticket[name], "{name}");
    }
    let entries = stored["comments"]["L"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    for name in ["comment_id", "comment", "author", "created_at"] {
        assert_eq!(entries[0]["M"][name]["S"], added["comment"][name], "{name}");
    }
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_list_is_told_once_and_nothing_is_lost() {
    let desk = Desk::open().await;
    let comments: Vec<Value> = (0..500).map(comment).collect();
    let ticket = put(&desk, plain(&json!(comments))).await;
    refused_as_full(&desk, &ticket).await;
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_item_is_told_once_and_nothing_is_lost() {
    let desk = Desk::open().await;
    // 130 comments of 3,100 bytes and their ids once more leave 2,000 bytes of 400 KiB.
    let long = |number| {
        let mut comment = comment(number);
        comment["M"]["comment"]["S"] = json!("x".repeat(3_000));
        comment
    };
    let comments: Vec<Value> = (0..130).map(long).collect();
    let ticket = put(&desk, plain(&json!(comments))).await;
    desk.client().post(&comments_path(&ticket), &json!({ "comment": "short" })).await.expect(200);
    refused_as_full(&desk, &ticket).await;
    desk.host.stop().await;
}

async fn refused_as_full(desk: &Desk, ticket: &Value) {
    let before = item(desk, ID).await;
    desk.proxy.take_requests();
    let body = json!({ "comment": "y".repeat(4_000) });
    let answer = desk.client().post(&comments_path(ticket), &body).await.expect(409);
    assert_eq!(answer.json()["type"], "urn:portdesk:problem:comments-full");
    assert_eq!(desk.proxy.take_requests()["UpdateItem"], 1, "it is not tried again");
    assert_eq!(item(desk, ID).await, before);
}
