//! How many DynamoDB requests an operation takes, because each request costs money.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Desk, comments_path, path};

/// The requests that the proxy counted since the last call.
fn requests(desk: &Desk) -> Vec<(String, usize)> {
    desk.proxy.take_requests().into_iter().collect()
}

fn only(verb: &str) -> Vec<(String, usize)> {
    vec![(verb.to_owned(), 1)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_is_one_request_and_a_move_is_two() {
    let desk = Desk::open().await;
    let client = desk.client();
    requests(&desk);
    let ticket = desk.ticket().await;
    assert_eq!(requests(&desk), only("PutItem"), "a create");
    client.get(&path(&ticket)).await.expect(200);
    assert_eq!(requests(&desk), only("GetItem"), "a read");
    client.get("/tickets/00000000-0000-4000-8000-000000000000").await.expect(404);
    assert_eq!(requests(&desk), only("GetItem"), "a read of what is not there");
    client.post(&comments_path(&ticket), &json!({ "comment": "Since Monday." })).await.expect(200);
    assert_eq!(requests(&desk), only("UpdateItem"), "a comment");
    let body = json!({ "status": "in_progress" });
    client.send("PATCH", &path(&ticket), &[], Some(&body)).await.expect(200);
    let moved = [("GetItem".to_owned(), 1), ("UpdateItem".to_owned(), 1)];
    assert_eq!(requests(&desk), moved, "a move, which depends on where the ticket is");
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_a_list_is_one_query() {
    let desk = Desk::open().await;
    for _ in 0..7 {
        desk.ticket().await;
    }
    requests(&desk);
    let mut seen = 0;
    let mut next = Some("/tickets?caller=ada&limit=3".to_owned());
    while let Some(page) = next {
        let answer = desk.client().get(&page).await.expect(200).json();
        assert_eq!(requests(&desk), only("Query"));
        seen += answer["tickets"].as_array().unwrap().len();
        next = answer
            .get("next_cursor")
            .map(|cursor| format!("/tickets?caller=ada&limit=3&cursor={}", cursor.as_str().unwrap()));
    }
    assert_eq!(seen, 7);
    desk.client().get("/tickets?caller=nobody").await.expect(200);
    assert_eq!(requests(&desk), only("Query"), "an empty list");
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_unread_asks_nothing_of_the_store() {
    let desk = Desk::open().await;
    let ticket = desk.ticket().await;
    requests(&desk);
    let client = desk.client();
    client.post("/tickets", &json!({ "caller_id": "ada" })).await.expect(400);
    client.post(&comments_path(&ticket), &json!({ "comment": "" })).await.expect(400);
    client.get("/tickets?caller=ada&cursor=forged").await.expect(400);
    client.get("/tickets/not..an..id").await.expect(404);
    assert_eq!(requests(&desk), []);
    desk.host.stop().await;
}

/// Counts everything that a host asks for, including its start and its readiness. The other tests count their own operations.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_never_scans() {
    let desk = Desk::open().await;
    let ticket = desk.ticket().await;
    let client = desk.client();
    client.get("/tickets?caller=ada").await.expect(200);
    client.post(&comments_path(&ticket), &json!({ "comment": "Since Monday." })).await.expect(200);
    client.get(&path(&ticket)).await.expect(200);
    let ready = reqwest::get(format!("{}/readyz", desk.host.url)).await.unwrap();
    assert_eq!(ready.status(), 200);
    let counted: BTreeMap<String, usize> = desk.proxy.take_requests();
    for verb in counted.keys() {
        let known = ["DescribeTable", "GetItem", "PutItem", "Query", "UpdateItem"];
        assert!(known.contains(&verb.as_str()), "{verb} is no verb of a host: {counted:?}");
    }
    desk.host.stop().await;
}
