//! The store fails under load and returns: the host refuses requests quickly, its memory does not grow, and it finds the store
//! again by itself.

mod load;

use std::time::{Duration, Instant};

use portdesk_test_support::{Server, free_port};
use tokio::task::JoinSet;

use crate::faults::{Fault, Plan, Proxy};
use crate::harness::journal::{Verdict, shown};
use crate::harness::{Client, HostOnDynamo, Table, until_ready};
use load::Load;

const CLIENTS: usize = 64;
/// A ticket that does not exist: only the store knows that.
const NO_TICKET: &str = "/tickets/00000000-0000-4000-8000-000000000000";
/// How long a refusal may take if no server listens.
const QUICKLY: Duration = Duration::from_secs(3);
/// How much memory may grow in an outage, in KiB: the buffers of failing requests, and no queue without a limit.
const GROWTH_KIB: u64 = 32 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_outlives_its_store_and_finds_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let (database, port) = (folder.path().join("tables"), free_port());
    let table = Table::create_on(Server::start_over(&database, port)).await;
    let host = table.host();
    let load = Load::start(&host.client(), CLIENTS);
    load.until("work is done", |seen| seen.acknowledged >= 5 * CLIENTS).await;
    let calm_kib = host.process.resident_kib();

    // Kills the server, with a request of every client in flight.
    drop(table);
    until_ready(&host.process.url, 503).await;
    let refused = load.seen().refused;
    load.until("many are refused", |seen| seen.refused >= refused + 20 * CLIENTS).await;
    let outage_kib = host.process.resident_kib();

    let _server = Server::start_over(&database, port);
    until_ready(&host.process.url, 200).await;
    let acknowledged = load.seen().acknowledged;
    load.until("work goes on", |seen| seen.acknowledged >= acknowledged + 5 * CLIENTS).await;
    let (seen, journal) = load.stop().await;
    println!("{seen:?}; {calm_kib} KiB before, {outage_kib} KiB in the outage");
    assert!(seen.slowest_refusal < QUICKLY, "{seen:?}");
    assert!(outage_kib < calm_kib + GROWTH_KIB, "{calm_kib} KiB before, {outage_kib} KiB in the outage");
    Verdict::of(&journal, &shown(&journal, &host.client()).await).assert_exact();
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_starts_without_its_store_and_serves_when_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let (database, port) = (folder.path().join("tables"), free_port());
    let table = Table::create_on(Server::start_over(&database, port)).await;
    let endpoint = table.server.endpoint.clone();
    drop(table);
    let host = HostOnDynamo::start(&endpoint, &[]);
    until_ready(&host.process.url, 503).await;
    host.client().get(NO_TICKET).await.expect(503);
    let _server = Server::start_over(&database, port);
    until_ready(&host.process.url, 200).await;
    host.client().get(NO_TICKET).await.expect(404);
    host.stop().await;
}

/// A store that takes requests and does not answer is worse than no store.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_store_holds_no_request_up_for_long_and_is_asked_again_when_it_speaks() {
    let table = Table::create().await;
    let proxy = Proxy::start(&table.server.endpoint, Plan::none()).await;
    let host = HostOnDynamo::start(&proxy.url, &["--time-limit-ms", "3000"]);
    host.client().get(NO_TICKET).await.expect(404);
    proxy.follow(Plan::always(Fault::HangBefore));
    let mut memory_kib = Vec::new();
    for _ in 0..3 {
        let slowest = ask_a_silent_store(&host.client()).await;
        assert!(slowest < Duration::from_secs(4), "the slowest was refused after {slowest:?}");
        memory_kib.push(host.process.resident_kib());
    }
    until_ready(&host.process.url, 503).await;
    println!("{memory_kib:?} KiB after each of three silences");
    // The first silence makes all instances that the host will ever have.
    assert!(memory_kib[2] < memory_kib[0] + GROWTH_KIB, "{memory_kib:?} KiB");

    proxy.follow(Plan::none());
    until_ready(&host.process.url, 200).await;
    let spoken = host.client().get(NO_TICKET).await;
    assert_eq!(spoken.status, 404, "{}", spoken.text());
    host.stop().await;
}

/// Sends more requests at once than a host works on. Returns the time of the slowest refusal.
async fn ask_a_silent_store(client: &Client) -> Duration {
    let mut readers = JoinSet::new();
    for _ in 0..4 * CLIENTS {
        let client = client.clone();
        readers.spawn(async move {
            let begun = Instant::now();
            client.get(NO_TICKET).await.expect(503);
            begun.elapsed()
        });
    }
    readers.join_all().await.into_iter().max().unwrap()
}
