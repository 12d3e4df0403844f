//! The answers to a client while the store fails: either the answer says that nothing was stored, or it says that the outcome
//! is unknown. No answer blames the client.

use std::iter::repeat;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Desk, comments_path, path};
use crate::faults::{Fault, Plan, Proxy};
use crate::harness::{Answer, Client, Running, TABLE, Table, on_dynamodb};

const THROTTLED: Fault = Fault::Refused("ProvisionedThroughputExceededException");
/// How long an answer may take: the time limit of a request, and some more for a busy machine.
const SOON: Duration = Duration::from_secs(4);

/// Asserts that the answer says that nothing was stored, and when to repeat.
#[track_caller]
fn assert_nothing_stored(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 503, "{why}: {}", answer.text());
    assert_eq!(answer.json().get("outcome"), None, "{why}: {}", answer.text());
    let seconds: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{why}: {seconds}");
}

/// Asserts that the answer says that nothing was stored, and that the failure lasts until an operator acts.
#[track_caller]
fn assert_misconfigured(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 500, "{why}: {}", answer.text());
    assert_eq!(answer.json()["type"], "urn:portdesk:problem:store-misconfigured", "{why}: {}", answer.text());
    assert_eq!((answer.find_header("retry-after"), answer.json().get("outcome")), (None, None), "{why}");
    assert!(answer.text().contains("nothing was stored"), "{why}: {}", answer.text());
}

/// Asserts that the answer says that the outcome is unknown.
#[track_caller]
fn assert_unknown(answer: &Answer, why: &str) {
    assert!([503, 504].contains(&answer.status), "{why}: {} {}", answer.status, answer.text());
    assert_eq!(answer.json()["outcome"], "unknown", "{why}: {}", answer.text());
}

/// The three kinds of writes on an existing ticket, each with a key if it takes one.
async fn writes(client: &Client, ticket: &Value, key: &str) -> [Answer; 3] {
    let keyed = [("idempotency-key", key)];
    let create = json!({ "caller_id": "bob", "issue_description": key });
    let (comment, status) = (json!({ "comment": key }), json!({ "status": "in_progress" }));
    let (comments, ticket) = (comments_path(ticket), path(ticket));
    let (created, commented, moved) = tokio::join!(
        client.send("POST", "/tickets", &keyed, Some(&create)),
        client.send("POST", &comments, &keyed, Some(&comment)),
        client.send("PATCH", &ticket, &[], Some(&status)),
    );
    [created, commented, moved]
}

async fn soon<T>(why: &str, asked: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let answer = asked.await;
    assert!(begun.elapsed() < SOON, "{why}: told after {:?}", begun.elapsed());
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_refuses_stored_nothing() {
    let desk = Desk::open().await;
    let ticket = desk.ticket().await;
    for (error, lasts) in [
        ("ProvisionedThroughputExceededException", false),
        ("ThrottlingException", false),
        ("RequestLimitExceeded", false),
        ("ExpiredTokenException", true),
        ("UnrecognizedClientException", true),
        ("AccessDeniedException", true),
        ("ResourceNotFoundException", true),
    ] {
        let assert_nothing_stored = if lasts { assert_misconfigured } else { assert_nothing_stored };
        desk.proxy.follow(Plan::always(Fault::Refused(error)));
        for answer in soon(error, writes(&desk.client(), &ticket, error)).await {
            assert_nothing_stored(&answer, error);
        }
        for page in [path(&ticket), "/tickets?caller=ada".into()] {
            assert_nothing_stored(&soon(error, desk.client().get(&page)).await, error);
        }
    }
    desk.proxy.follow(Plan::none());
    assert_eq!(desk.client().get(&path(&ticket)).await.expect(200).json(), ticket);
    let list = desk.client().get("/tickets?caller=bob").await.expect(200).json();
    assert_eq!(list, json!({ "tickets": [] }));
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answers_are_all_lost_is_unknown_and_its_repeat_is_stored_once() {
    let desk = Desk::open().await;
    let faults = [
        Fault::ErrorBefore,
        Fault::ErrorAfter,
        Fault::HangBefore,
        Fault::HangAfter,
        Fault::ResetBefore,
        Fault::ResetAfter,
    ];
    for fault in faults {
        for verb in ["PutItem", "UpdateItem"] {
            let (ticket, why) = (desk.ticket().await, format!("{verb}-{fault:?}"));
            desk.proxy.follow(Plan::script(verb, repeat(fault)));
            let [created, commented, moved] = soon(&why, writes(&desk.client(), &ticket, &why)).await;
            let unknown = if verb == "PutItem" { vec![created] } else { vec![commented, moved] };
            unknown.iter().for_each(|answer| assert_unknown(answer, &why));
            desk.proxy.follow(Plan::none());
            let [created, commented, moved] = writes(&desk.client(), &ticket, &why).await;
            assert_eq!((created.status, commented.status, moved.status), (201, 200, 200), "{why}");
            let found = desk.client().get(&path(&ticket)).await.expect(200).json();
            assert_eq!(found["status"], "in_progress", "{why}");
            assert_eq!(found["comments"].as_array().unwrap().len(), 1, "{why}");
        }
    }
    let list = desk.client().get("/tickets?caller=bob&limit=100").await.expect(200).json();
    assert_eq!(list["tickets"].as_array().unwrap().len(), 2 * faults.len());
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_has_no_answer_is_told_soon_and_is_never_unknown() {
    let desk = Desk::open().await;
    let ticket = desk.ticket().await;
    for fault in [Fault::ErrorBefore, Fault::HangBefore, Fault::ResetBefore] {
        let why = format!("{fault:?}");
        desk.proxy.follow(Plan::always(fault));
        for page in [path(&ticket), "/tickets?caller=ada".into()] {
            assert_nothing_stored(&soon(&why, desk.client().get(&page)).await, &why);
        }
    }
    desk.host.stop().await;
}

/// This test uses the default time limit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_store_holds_a_request_for_a_part_of_its_time() {
    let table = Table::create().await;
    let proxy = Proxy::start(&table.server.endpoint, Plan::none()).await;
    let host = Running::start(&on_dynamodb(&proxy.url)).await;
    let ticket = json!({ "ticket_id": "11111111-1111-4111-8111-111111111111" });
    proxy.follow(Plan::always(Fault::HangBefore));
    let (client, path) = (host.client(), path(&ticket));
    let begun = Instant::now();
    let (read, written) = tokio::join!(client.get(&path), writes(&client, &ticket, "k-1"));
    let held = begun.elapsed();
    assert_nothing_stored(&read, "silence");
    let [created, commented, _] = written;
    assert_unknown(&created, "silence");
    assert_unknown(&commented, "silence");
    assert!(held < Duration::from_secs(6), "told after {held:?}, of ten seconds");
    host.stop().await;
}

/// The answer is later than an attempt may take. The host repeats the request and finds the write that is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_answers_too_late_once_has_done_it_once() {
    let desk = Desk::open().await;
    let slow = Fault::Slow(Duration::from_millis(1_500));
    for verb in ["PutItem", "UpdateItem", "GetItem"] {
        let ticket = desk.ticket().await;
        desk.proxy.follow(Plan::script(verb, [slow]));
        let [created, commented, moved] = writes(&desk.client(), &ticket, verb).await;
        assert_eq!((created.status, commented.status, moved.status), (201, 200, 200), "{verb}");
        desk.proxy.follow(Plan::none());
        let found = desk.client().get(&path(&ticket)).await.expect(200).json();
        assert_eq!(
            (&found["status"], found["comments"].as_array().unwrap().len()),
            (&json!("in_progress"), 1)
        );
    }
    let list = desk.client().get("/tickets?caller=bob").await.expect(200).json();
    assert_eq!(list["tickets"].as_array().unwrap().len(), 3);
    desk.host.stop().await;
}

/// The store refuses the last attempt, but the outcome of an earlier attempt is unknown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_lost_answer_among_refusals_makes_a_write_unknown() {
    let desk = Desk::open().await;
    for lost in [Fault::ErrorAfter, Fault::HangAfter, Fault::ResetAfter] {
        for at in 0..2 {
            let ticket = desk.ticket().await;
            let faults = (0..).map(move |attempt| if attempt == at { lost } else { THROTTLED });
            desk.proxy.follow(Plan::script("UpdateItem", faults));
            let body = json!({ "comment": "once" });
            let answer = desk.client().post(&comments_path(&ticket), &body).await;
            assert_unknown(&answer, &format!("{lost:?} at attempt {at}"));
            let found = desk.client().get(&path(&ticket)).await.expect(200).json();
            assert_eq!(found["comments"].as_array().unwrap().len(), 1);
        }
    }
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_deleted_under_a_host_is_no_fault_of_the_client() {
    let desk = Desk::open().await;
    let ticket = desk.ticket().await;
    desk.table.call("DeleteTable", &json!({ "TableName": TABLE })).await;
    for answer in writes(&desk.client(), &ticket, "k-1").await {
        assert_misconfigured(&answer, "no table");
    }
    assert_misconfigured(&desk.client().get(&path(&ticket)).await, "no table");
    let ready = reqwest::get(format!("{}/readyz", desk.host.url)).await.unwrap();
    assert_eq!(ready.status(), 503);
    desk.host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_nobody_listens_for_stored_nothing() {
    let table = Table::create().await;
    let host = Running::start(&on_dynamodb(&table.server.endpoint)).await;
    let ticket = json!({ "ticket_id": "11111111-1111-4111-8111-111111111111" });
    drop(table);
    for answer in soon("gone", writes(&host.client(), &ticket, "k-1")).await {
        assert_nothing_stored(&answer, "gone");
    }
    host.stop().await;
}
