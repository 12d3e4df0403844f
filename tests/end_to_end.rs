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

use crate::harness::{Client, Front, Function, PATIENT, Platform, Running, Table, on_dynamodb, path};

/// Makes a test of every scenario on every host. Each host over a table has a table of its own.
macro_rules! on_every_host {
    (@ $host:ident, $table:pat = $made:expr, $start:expr; $($topic:ident: $($scenario:ident),+;)+) => {
        mod $host {
            use super::*;

            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    let $table = $made;
                    let host = $start;
                    $topic::$scenario(host.client()).await;
                    host.stop().await;
                }
            )+)+
        }
    };
    ($($scenarios:tt)+) => {
        on_every_host!(@ memory, _ = (), Running::start(&["--store", "memory"]).await; $($scenarios)+);
        on_every_host!(@ memory_fresh, _ = (),
            Running::start(&["--store", "memory", "--isolation", "fresh"]).await; $($scenarios)+);
        on_every_host!(@ embedded, _ = (), Running::start(&["--store", "embedded"]).await; $($scenarios)+);
        // A host in this process has no credentials, because a server on this machine needs none.
        on_every_host!(@ dynamodb, table = Table::create().await,
            Running::start(&[&on_dynamodb(&table.server.endpoint)[..], &PATIENT].concat()).await;
            $($scenarios)+);
        on_every_host!(@ lambda, table = Table::create().await,
            Function::start(&table.server.endpoint).await; $($scenarios)+);
        on_every_host!(@ lambda_http_api, table = Table::create().await,
            Function::start_behind(Front::HttpApi, &table.server.endpoint).await; $($scenarios)+);
        on_every_host!(@ lambda_url, table = Table::create().await,
            Function::start_behind(Front::FunctionUrl, &table.server.endpoint).await; $($scenarios)+);
        on_every_host!(@ wasmtime_memory, _ = (), Platform::wasmtime(); $($scenarios)+);
        on_every_host!(@ wasmtime_dynamodb, table = Table::create().await,
            Platform::wasmtime_on_dynamodb(&table.server.endpoint); $($scenarios)+);
        on_every_host!(@ node_memory, _ = (), Platform::node(); $($scenarios)+);
        on_every_host!(@ node_dynamodb, table = Table::create().await,
            Platform::node_on_dynamodb(&table.server.endpoint); $($scenarios)+);
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

/// Moves a ticket to a status.
async fn set_status(client: &Client, ticket: &Value, status: &str) -> Value {
    let body = json!({ "status": status });
    client.send("PATCH", &path(ticket), &[], Some(&body)).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_durable_ticket_outlives_its_host() {
    let host = Running::start(&[]).await;
    let ticket = host.client().create("ada", "The printer prints blank pages.").await;
    let data = host.stop().await;
    let host = Running::start_in(data, &[]).await;
    assert_eq!(host.client().get(&path(&ticket)).await.expect(200).json(), ticket);
    host.stop().await;
}
