//! What a host costs beside the bare SDK: both do the same operations on the same DynamoDB server, in turns.
//!
//! One side calls the SDK in this process; the other calls a host in another process over HTTP. In a turn each side does the same
//! number of operations on tickets of its own. The order is random, so that the size of the table, the lengths of the lists and the
//! load of the machine do not favour one side. The test prints the median of the ratios of all turns.
//!
//! A long run takes about thirty seconds for each operation on each side. The test asserts only that every operation is done,
//! because the figures hold only on a quiet machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client as Sdk;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use rand::RngExt;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Client, TABLE, Table, at_length, comments_path, is_long, path};
use crate::suite::dynamodb::client;

const IN_FLIGHT: usize = 64;
/// An odd number, so that the median is the ratio of a turn.
const TURNS: u32 = 15;
/// The time of a long run for each operation on each side.
const SECONDS: Duration = Duration::from_secs(30);
/// The comments on a ticket in a turn. They are few, because the server takes longer for a longer list.
const COMMENTS: usize = 10;
const NOW: &str = "2026-11-22T12:00:00.000000Z";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bare_sdk_and_a_host_do_the_same_side_by_side() {
    let table = Table::create().await;
    let host = table.host();
    let sides = [Side::Sdk(client(&table.server.endpoint)), Side::Host(host.client())];
    for operation in [Operation::Get, Operation::Create, Operation::Comment] {
        let mut count = 2 * IN_FLIGHT;
        if is_long() {
            // The first turn warms both sides.
            take_turn(&sides, operation, 10 * IN_FLIGHT, &host.client()).await;
            let [sdk, _] = take_turn(&sides, operation, 10 * IN_FLIGHT, &host.client()).await;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand")]
            let in_time = (rate(10 * IN_FLIGHT, sdk) * (SECONDS / TURNS).as_secs_f64()) as usize;
            count = count.max(in_time);
        }
        let mut turns = Vec::new();
        for _ in 0..at_length(1, TURNS) {
            turns.push(take_turn(&sides, operation, count, &host.client()).await);
        }
        let by = |side: usize| median(turns.iter().map(|turn| rate(count, turn[side])));
        let fewer = median(turns.iter().map(|[sdk, host]| 100.0 * (1.0 - sdk.div_duration_f64(*host))));
        println!(
            "{operation:?}, {count} a turn: {:.0} a second by the SDK, {:.0} by a host, {fewer:.1} % fewer",
            by(0),
            by(1)
        );
    }
    host.stop().await;
}

/// Lets each side do this many operations. Returns the time of each side.
async fn take_turn(sides: &[Side; 2], operation: Operation, count: usize, client: &Client) -> [Duration; 2] {
    let first = rand::rng().random_range(0..2);
    let mut taken = [Duration::ZERO; 2];
    for side in [first, 1 - first] {
        let mut tickets = Vec::new();
        for _ in 0..count.div_ceil(COMMENTS) {
            tickets.push(client.create("overhead", "The VPN drops.").await);
        }
        taken[side] = measure(&sides[side], operation, tickets, count).await;
    }
    taken
}

async fn measure(side: &Side, operation: Operation, tickets: Vec<Value>, count: usize) -> Duration {
    let (begun, next, tickets) = (Instant::now(), Arc::new(AtomicUsize::new(0)), Arc::new(tickets));
    let mut workers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (side, next, tickets) = (side.clone(), Arc::clone(&next), Arc::clone(&tickets));
        workers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    break;
                }
                let ticket = &tickets[number % tickets.len()];
                match &side {
                    Side::Sdk(sdk) => call(sdk, operation, ticket["ticket_id"].as_str().unwrap()).await,
                    Side::Host(client) => ask(client, operation, ticket).await,
                }
            }
        });
    }
    workers.join_all().await;
    begun.elapsed()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts that far")]
fn rate(count: usize, taken: Duration) -> f64 {
    count as f64 / taken.as_secs_f64()
}

#[derive(Debug, Clone, Copy)]
enum Operation {
    Get,
    Create,
    Comment,
}

#[derive(Clone)]
enum Side {
    Sdk(Sdk),
    Host(Client),
}

/// Asks a host. The test does not check the answer against the contract, which would cost more than the host.
async fn ask(client: &Client, operation: Operation, ticket: &Value) {
    let (method, path, body, status) = match operation {
        Operation::Get => ("GET", path(ticket), None, 200),
        Operation::Create => {
            let body = json!({ "caller_id": "overhead", "issue_description": "The VPN drops." });
            ("POST", "/tickets".to_owned(), Some(body), 201)
        }
        Operation::Comment => {
            ("POST", comments_path(ticket), Some(json!({ "comment": "Since Monday." })), 200)
        }
    };
    let mut request = client.request(method, &path);
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), status);
    answer.bytes().await.unwrap();
}

/// Does by the SDK what a host does.
async fn call(sdk: &Sdk, operation: Operation, ticket: &str) {
    const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;
    match operation {
        Operation::Get => {
            let get = sdk.get_item().table_name(TABLE).key("ticket_id", text(ticket)).consistent_read(true);
            assert!(get.send().await.unwrap().item.is_some());
        }
        Operation::Create => {
            let fields = [
                ("ticket_id", unique().as_str()),
                ("caller_id", "overhead"),
                ("issue_description", "The VPN drops."),
                ("status", "open"),
                ("created_at", NOW),
                ("updated_at", NOW),
            ]
            .map(|(name, value)| (name.to_owned(), text(value)));
            let create = sdk.put_item().table_name(TABLE).set_item(Some(fields.into()));
            let create = create.item("comments", AttributeValue::L(Vec::new()));
            let create = create.condition_expression("attribute_not_exists(ticket_id)");
            create.return_values_on_condition_check_failure(ALL_OLD).send().await.unwrap();
        }
        Operation::Comment => {
            let id = unique();
            let entry = [("comment_id", id.as_str()), ("comment", "Since Monday."), ("created_at", NOW)];
            let entry = entry.map(|(name, value)| (name.to_owned(), text(value))).into();
            let update = sdk.update_item().table_name(TABLE).key("ticket_id", text(ticket));
            // The guard keeps a repeat from storing the comment twice.
            let update = update
                .update_expression(
                    "SET #c = list_append(if_not_exists(#c, :none), :new), updated_at = :now ADD bare_ids :id",
                )
                .condition_expression(
                    "attribute_exists(ticket_id) AND NOT contains(bare_ids, :one) \
                     AND (attribute_not_exists(#c) OR size(#c) < :max)",
                )
                .expression_attribute_names("#c", "comments")
                .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
                .expression_attribute_values(":new", AttributeValue::L(vec![AttributeValue::M(entry)]))
                .expression_attribute_values(":now", text(NOW))
                .expression_attribute_values(":id", AttributeValue::Ss(vec![id.clone()]))
                .expression_attribute_values(":one", text(&id))
                .expression_attribute_values(":max", AttributeValue::N("500".into()));
            let update = update.return_values(ReturnValue::UpdatedNew);
            update.return_values_on_condition_check_failure(ALL_OLD).send().await.unwrap();
        }
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// An id that no other ticket or comment has.
fn unique() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("00000000-0000-4000-8000-{:012}", NEXT.fetch_add(1, Ordering::Relaxed))
}
