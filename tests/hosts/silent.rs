//! A table that does not answer.

use portdesk_test_support::{Server, free_port};

use super::{Host, create_key, end, within_five_seconds};
use crate::faults::{Fault, Plan, Proxy};
use crate::harness::{KEY, Table, until, until_ready};

/// A short time limit, so that a silent table costs a test less time.
const SHORT: [&str; 2] = ["--time-limit-ms", "3000"];
/// The beginning of the line about keys that cannot be read.
const UNUSABLE: &str = "the list of keys cannot be used";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_table_is_silent_the_last_keys_stay_valid_and_the_log_has_one_line() {
    let table = Table::create().await;
    let key = create_key(&table, &[]);
    for fault in [Fault::HangBefore, Fault::ResetBefore] {
        let proxy = Proxy::start(&table.server.endpoint, Plan::none()).await;
        let host = [Host::start(&proxy.url, &SHORT)];
        within_five_seconds(&host, &key, 200).await;
        proxy.follow(Plan::always(fault));
        let [silent] = &host;
        silent.logged.wait_for(1, UNUSABLE).await;
        until_ready(&silent.logged.host.url, 503).await;
        assert_eq!(silent.status(&key.secret).await, 503, "the key is still valid, and the table is silent");
        assert_eq!(silent.status("portdesk_wrong").await, 403, "a wrong key is still wrong");
        proxy.take_faults();
        let mut failed = 0;
        // A look makes three attempts, and nobody else asks the table now.
        until("the host looks three times more", async || {
            failed += proxy.take_faults().len();
            failed > 6
        })
        .await;
        assert_eq!(silent.logged.lines(UNUSABLE), 1, "{}", silent.logged.text());
        proxy.follow(Plan::none());
        until_ready(&silent.logged.host.url, 200).await;
        let next = create_key(&table, &[]);
        within_five_seconds(&host, &next, 200).await;
        end(host);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_starts_without_its_table_refuses_nobody_as_unknown_and_serves_when_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let (database, port) = (folder.path().join("tables"), free_port());
    let table = Table::create_on(Server::start_over(&database, port)).await;
    let key = create_key(&table, &[]);
    let endpoint = table.server.endpoint.clone();
    drop(table);
    let host = Host::start(&endpoint, &SHORT);
    assert!(host.logged.host.banner.contains("and those of the table"), "{}", host.logged.host.banner);
    until_ready(&host.logged.host.url, 503).await;
    for asked in [&key.secret, "portdesk_wrong", KEY] {
        let answer = host.client(asked).get("/tickets?caller=ada").await.expect(503);
        assert!(answer.text().contains("could not read the keys yet"), "{}", answer.text());
        assert!(answer.find_header("retry-after").is_some());
    }
    let _server = Server::start_over(&database, port);
    until_ready(&host.logged.host.url, 200).await;
    assert_eq!(host.status(&key.secret).await, 200);
    assert_eq!(host.status("portdesk_wrong").await, 403);
    host.end();
}
