//! The operations as a client sees them: over HTTP, on every store, in both modes of isolation, and on other platforms.
//!
//! `guest/desk` tests the rules of the component in every detail. These tests show that the rules hold through the door, the
//! sandbox and the store. The client checks every answer against `openapi.yaml`.

mod comments;
mod lists;
mod protocol;
mod status;
mod tickets;

use serde_json::{Value, json};

use crate::harness::{self, Client, Platform, Running, Table};

/// Makes a test of every scenario on every host.
macro_rules! on_every_host {
    ($($topic:ident: $($scenario:ident),+;)+) => {
        on_every_host!(@ memory here ["--store", "memory"] $($topic: $($scenario),+;)+);
        on_every_host!(@ memory_fresh here ["--store", "memory", "--isolation", "fresh"]
            $($topic: $($scenario),+;)+);
        on_every_host!(@ embedded here ["--store", "embedded"] $($topic: $($scenario),+;)+);
        on_every_host!(@ dynamodb on_dynamodb [] $($topic: $($scenario),+;)+);
        on_every_host!(@ wasmtime_memory on_wasmtime [] $($topic: $($scenario),+;)+);
        on_every_host!(@ wasmtime_dynamodb on_wasmtime_dynamodb [] $($topic: $($scenario),+;)+);
        on_every_host!(@ node_memory on_node [] $($topic: $($scenario),+;)+);
        on_every_host!(@ node_dynamodb on_node_dynamodb [] $($topic: $($scenario),+;)+);
    };
    (@ $host:ident $start:ident $flags:tt $($topic:ident: $($scenario:ident),+;)+) => {
        mod $host {
            use super::{$start, $($topic),+};

            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    let host = $start(&$flags).await;
                    $topic::$scenario(host.client()).await;
                    host.stop().await;
                }
            )+)+
        }
    };
}

on_every_host! {
    tickets:
        a_created_ticket_is_found_where_its_location_says,
        a_replayed_create_gives_the_first_answer,
        bad_bodies_are_refused_with_the_field_they_name,
        an_unchanged_ticket_is_not_sent_again,
        a_ticket_at_another_version_is_not_sent,
        ends_of_lines_are_kept_as_line_feeds;
    comments:
        comments_are_kept_in_order,
        racing_comments_are_all_kept,
        a_replayed_comment_is_stored_once,
        a_comment_is_made_at_the_version_that_it_asks_for_alone,
        racing_comments_at_one_version_make_one,
        a_full_ticket_takes_no_comment_and_can_still_be_closed,
        a_closed_ticket_takes_no_comment;
    lists:
        pages_show_every_ticket_once_newest_first,
        a_cursor_of_another_list_is_refused,
        lists_count_comments_and_leave_them_out;
    status:
        a_ticket_moves_along_its_transitions,
        a_lost_race_is_seen_by_its_version,
        a_move_that_is_to_find_no_ticket_is_not_made;
    protocol:
        routes_and_contract_are_the_same,
        head_is_get_without_a_body,
        unknown_paths_are_not_found,
        a_path_with_a_slash_too_much_is_told_what_it_should_be,
        an_encoded_body_is_refused_by_its_coding,
        a_byte_order_mark_is_skipped,
        problems_come_under_the_type_that_is_liked_most,
        a_header_that_is_no_text_is_refused_and_not_overlooked,
        only_json_is_taken;
}

/// A host in this process.
async fn here(flags: &[&str]) -> Running {
    Running::start(flags).await
}

/// A host in this process over a table of its own. It has no credentials, because a server on this machine needs none.
async fn on_dynamodb(flags: &[&str]) -> OnDynamo {
    let table = Table::create().await;
    let host = Running::start(
        &[&harness::on_dynamodb(&table.server.endpoint), &harness::PATIENT[..], flags].concat(),
    )
    .await;
    OnDynamo { host, _table: table }
}

/// The stand-alone component with the store in memory, on wasmtime's own `serve`.
async fn on_wasmtime(_: &[&str]) -> Platform {
    Platform::wasmtime()
}

/// The stand-alone component with the DynamoDB store on `wasmtime serve`, over a table of its own.
async fn on_wasmtime_dynamodb(_: &[&str]) -> PlatformOnDynamo {
    let table = Table::create().await;
    let platform = Platform::wasmtime_on_dynamodb(&table.server.endpoint);
    PlatformOnDynamo { platform, _table: table }
}

/// The stand-alone component with the store in memory in Node, through jco.
async fn on_node(_: &[&str]) -> Platform {
    Platform::node()
}

/// The stand-alone component with the DynamoDB store in Node, over a table of its own.
async fn on_node_dynamodb(_: &[&str]) -> PlatformOnDynamo {
    let table = Table::create().await;
    let platform = Platform::node_on_dynamodb(&table.server.endpoint);
    PlatformOnDynamo { platform, _table: table }
}

/// A host and its table. The drop ends the host first.
struct OnDynamo {
    host: Running,
    _table: Table,
}

impl OnDynamo {
    fn client(&self) -> Client {
        self.host.client()
    }

    async fn stop(self) {
        self.host.stop().await;
    }
}

/// A platform and its table. The drop ends the platform first.
struct PlatformOnDynamo {
    platform: Platform,
    _table: Table,
}

impl PlatformOnDynamo {
    fn client(&self) -> Client {
        self.platform.client()
    }

    async fn stop(self) {
        self.platform.stop().await;
    }
}

/// A new ticket of this caller.
async fn create(client: &Client, caller: &str, description: &str) -> Value {
    let body = json!({ "caller_id": caller, "issue_description": description });
    client.post("/tickets", &body).await.expect(201).json()
}

/// The path of a ticket.
fn path(ticket: &Value) -> String {
    format!("/tickets/{}", ticket["ticket_id"].as_str().unwrap())
}

/// Moves a ticket to a status.
async fn set_status(client: &Client, ticket: &Value, status: &str) -> Value {
    let body = json!({ "status": status });
    client.send("PATCH", &path(ticket), &[], Some(&body)).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_durable_ticket_outlives_its_host() {
    let host = Running::start(&[]).await;
    let ticket = create(&host.client(), "ada", "The printer prints blank pages.").await;
    let data = host.stop().await;
    let host = Running::start_in(data, &[]).await;
    assert_eq!(host.client().get(&path(&ticket)).await.expect(200).json(), ticket);
    host.stop().await;
}
