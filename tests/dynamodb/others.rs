//! Other programs on the same table: they read the items of a host, and a host serves their items.

use serde_json::{Value, json};

use super::{Desk, comments_path, path};
use crate::harness::TABLE;

const ID: &str = "11111111-1111-4111-8111-111111111111";

const OTHER_ID: &str = "33333333-3333-4333-8333-333333333333";

/// A ticket as other programs write it: the seven attributes, without the attributes that a host adds.
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

/// The client checks every answer against the contract.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn comments_of_other_forms_are_shown_and_stay_when_ours_come() {
    let desk = Desk::open().await;
    let comments = json!([
        { "M": { "comment": { "S": "no id" }, "created_at": { "S": "2026-01-02T03:04:07" } } },
        { "M": { "comment_id": { "S": "their own" }, "comment": { "S": "no time" } } },
        { "M": { "comment_id": { "N": "7" }, "comment": { "S": "a number" }, "created_at": { "N": "1" } } },
        { "S": "a plain text" },
        { "NULL": true },
    ]);
    let (ticket, client) = (put(&desk, plain(&comments)).await, desk.client());
    for _ in 0..2 {
        let (keyed, body) = ([("idempotency-key", "k-1")], json!({ "comment": "ours" }));
        client.send("POST", &comments_path(&ticket), &keyed, Some(&body)).await.expect(200);
    }
    let read = client.get(&path(&ticket)).await.expect(200).json();
    let made = read["created_at"].as_str().unwrap();
    let shown = read["comments"].as_array().unwrap();
    let member = |name: &'static str| shown[..5].iter().map(move |comment| comment[name].as_str().unwrap());
    let ids = ["entry-1", "their own", "7", "entry-4", "entry-5"];
    assert_eq!(member("comment_id").collect::<Vec<_>>(), ids);
    let texts = ["no id", "no time", "a number", "a plain text", ""];
    assert_eq!(member("comment").collect::<Vec<_>>(), texts);
    let times = ["2026-01-02T03:04:07.000000Z", made, made, made, made];
    assert_eq!(member("created_at").collect::<Vec<_>>(), times);
    assert_eq!((shown.len(), &shown[5]["comment"]), (6, &json!("ours")));
    let list = client.get("/tickets?caller=ada").await.expect(200).json();
    assert_eq!(list["tickets"][0]["comment_count"], 6);
    let stored = item(&desk, ID).await["comments"]["L"].clone();
    assert_eq!(stored.as_array().unwrap()[..5], comments.as_array().unwrap()[..], "left as they were");
    desk.host.stop().await;
}

/// Python's `datetime.utcnow().isoformat()` writes such times.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_of_another_program_without_a_zone_are_in_utc() {
    let desk = Desk::open().await;
    let mut theirs = plain(&json!([]));
    theirs["created_at"] = json!({ "S": "2026-01-02T03:04:05" });
    theirs["updated_at"] = json!({ "S": "2026-01-02T03:04:06.123456" });
    let (ticket, client) = (put(&desk, theirs).await, desk.client());
    let list = client.get("/tickets?caller=ada").await.expect(200).json();
    for shown in [&client.get(&path(&ticket)).await.expect(200).json(), &list["tickets"][0]] {
        assert_eq!(shown["created_at"], "2026-01-02T03:04:05.000000Z");
        assert_eq!(shown["updated_at"], "2026-01-02T03:04:06.123456Z");
    }
    client.post(&comments_path(&ticket), &json!({ "comment": "ours" })).await.expect(200);
    let body = json!({ "status": "resolved" });
    client.send("PATCH", &path(&ticket), &[], Some(&body)).await.expect(200);
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_leaves_out_what_is_no_ticket_and_counts_it() {
    let desk = Desk::open().await;
    let client = desk.client();
    let ours = desk.ticket().await;
    let mut strange = plain(&json!([]));
    strange["status"] = json!({ "S": "lost" });
    let strange = put(&desk, strange).await;
    let mut damaged = plain(&json!([]));
    damaged["ticket_id"] = json!({ "S": OTHER_ID });
    damaged["portdesk_version"] = json!({ "S": "no number" });
    put(&desk, damaged).await;
    let mut pages = Vec::new();
    let mut next = String::new();
    for _ in 0..3 {
        let page = client.get(&format!("/tickets?caller=ada&limit=1{next}")).await.expect(200).json();
        next = format!("&cursor={}", page["next_cursor"].as_str().unwrap_or_default());
        pages.push((page["tickets"][0]["ticket_id"].clone(), page["skipped"].clone()));
    }
    assert_eq!(pages[0], (ours["ticket_id"].clone(), Value::Null));
    // The table decides the order of equal times.
    pages[1..].sort_by_key(|(id, _)| id.is_string());
    assert_eq!(pages[1..], [(Value::Null, json!(1)), (json!(OTHER_ID), Value::Null)]);
    for ticket in [strange, json!({ "ticket_id": OTHER_ID })] {
        let refused = client.get(&path(&ticket)).await.expect(500).json();
        assert_eq!(refused["type"], "urn:portdesk:problem:corrupt");
    }
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
    // 130 comments of 3,100 bytes, and a second copy of their ids, leave 2,000 bytes of 400 KiB.
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
