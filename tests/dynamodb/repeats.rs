//! The store loses one answer: the host repeats the request, and a write that was applied is neither applied twice nor refused.

use serde_json::{Value, json};

use super::{Desk, comments_path, path};
use crate::faults::{Fault, Plan};

/// The ways to lose the answer of a write that was applied.
const LOST: [Fault; 3] = [Fault::ErrorAfter, Fault::HangAfter, Fault::ResetAfter];
/// The ways to lose the request.
const UNSEEN: [Fault; 4] = [
    Fault::Refused("ProvisionedThroughputExceededException"),
    Fault::ErrorBefore,
    Fault::HangBefore,
    Fault::ResetBefore,
];

fn all() -> impl Iterator<Item = Fault> {
    LOST.into_iter().chain(UNSEEN)
}

async fn tickets(desk: &Desk) -> Vec<Value> {
    desk.client().get("/tickets?caller=ada").await.expect(200).json()["tickets"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_is_created_once_whatever_one_answer_became() {
    let desk = Desk::open().await;
    for (done, fault) in all().enumerate() {
        desk.proxy.follow(Plan::script("PutItem", [fault]));
        let created = desk.ticket().await;
        assert_eq!(desk.proxy.take_faults(), [fault]);
        assert_eq!(desk.client().get(&path(&created)).await.expect(200).json(), created, "{fault:?}");
        assert_eq!(tickets(&desk).await.len(), done + 1, "{fault:?}");
    }
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comment_is_stored_once_whatever_one_answer_became() {
    let desk = Desk::open().await;
    let ticket = desk.ticket().await;
    let mut added = Vec::new();
    for fault in all() {
        desk.proxy.follow(Plan::script("UpdateItem", [fault]));
        let body = json!({ "comment": format!("{fault:?}") });
        let answer = desk.client().post(&comments_path(&ticket), &body).await.expect(200).json();
        assert_eq!(desk.proxy.take_faults(), [fault]);
        added.push(answer["comment"].clone());
        let found = desk.client().get(&path(&ticket)).await.expect(200).json();
        assert_eq!(found["comments"], json!(added), "{fault:?}");
    }
    desk.host.stop().await;
}

/// The repeat finds the ticket in its new status. This is neither a lost race nor a forbidden move.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_is_made_whatever_one_answer_became() {
    let desk = Desk::open().await;
    for fault in all() {
        for body in [json!({ "status": "cancelled" }), json!({ "status": "cancelled", "comment": "Solved." })]
        {
            let ticket = desk.ticket().await;
            desk.proxy.follow(Plan::script("UpdateItem", [fault]));
            let moved = desk.client().send("PATCH", &path(&ticket), &[], Some(&body)).await.expect(200);
            assert_eq!(desk.proxy.take_faults(), [fault]);
            let found = desk.client().get(&path(&ticket)).await.expect(200);
            assert_eq!(found.json(), moved.json(), "{fault:?}");
            assert_eq!(found.header("etag"), moved.header("etag"), "{fault:?}");
            assert_eq!(found.json()["status"], "cancelled");
            let comments = usize::from(body.get("comment").is_some());
            assert_eq!(found.json()["comments"].as_array().unwrap().len(), comments, "{fault:?}");
        }
    }
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_is_answered_whatever_one_answer_became() {
    let desk = Desk::open().await;
    let ticket = desk.ticket().await;
    for fault in all() {
        desk.proxy.follow(Plan::script("GetItem", [fault]));
        assert_eq!(desk.client().get(&path(&ticket)).await.expect(200).json(), ticket, "{fault:?}");
        desk.proxy.follow(Plan::script("Query", [fault]));
        assert_eq!(tickets(&desk).await.len(), 1, "{fault:?}");
        assert_eq!(desk.proxy.take_faults(), [fault, fault]);
    }
    desk.host.stop().await;
}
