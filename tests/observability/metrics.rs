//! The metrics page.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::faults::{Fault, Plan, Proxy};
use crate::harness::{Client, HostOnDynamo, Running, Table, comments_path, path, rest, run};

const FLAGS: [&str; 4] = ["--store", "memory", "--metrics", "127.0.0.1:0"];

/// Reads the metrics page: each series with its value.
pub async fn scrape(url: &str) -> BTreeMap<String, f64> {
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4");
    let text = answer.text().await.unwrap();
    let series = text.lines().filter(|line| !line.starts_with('#'));
    let series = series.map(|line| line.rsplit_once(' ').unwrap());
    series.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

/// The series of a family whose value is not zero.
fn of<'a>(series: &'a BTreeMap<String, f64>, family: &str) -> Vec<(&'a str, f64)> {
    let of_family = series.iter().filter(|(name, value)| name.starts_with(family) && **value != 0.0);
    of_family.map(|(name, value)| (name[family.len()..].trim_matches(['{', '}']), *value)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_counted_once_by_operation_and_status() {
    let host = Running::start(&FLAGS).await;
    let client = host.client();
    let ticket = client.create("ada", "The VPN drops.").await;
    for _ in 0..2 {
        client.create("ada", "The printer is on fire.").await;
    }
    client.get(&path(&ticket)).await.expect(200);
    client.get("/tickets/00000000-0000-4000-8000-000000000000").await.expect(404);
    client.get("/tickets?caller=ada").await.expect(200);
    client.post(&comments_path(&ticket), &json!({ "comment": "Still broken." })).await.expect(200);
    Client::new(&host.url, None).get("/tickets?caller=ada").await.expect(403);
    reqwest::get(format!("{}/healthz", host.url)).await.unwrap();
    let seen = scrape(host.metrics.as_ref().unwrap()).await;
    assert_eq!(
        of(&seen, "portdesk_requests_total"),
        [
            (r#"operation="add_ticket_comment",status="200",via="http""#, 1.0),
            (r#"operation="create_ticket",status="201",via="http""#, 3.0),
            (r#"operation="get_ticket_status",status="200",via="http""#, 1.0),
            (r#"operation="get_ticket_status",status="404",via="http""#, 1.0),
            (r#"operation="healthz",status="200",via="http""#, 1.0),
            (r#"operation="list_recent_tickets",status="200",via="http""#, 1.0),
            (r#"operation="none",status="403",via="http""#, 1.0),
        ]
    );
    assert_eq!(of(&seen, "portdesk_refusals_total"), [(r#"reason="forbidden""#, 1.0)]);
    assert_eq!(
        of(&seen, "portdesk_store_calls_total"),
        [
            (r#"outcome="done",verb="get""#, 1.0),
            (r#"outcome="done",verb="insert""#, 3.0),
            (r#"outcome="done",verb="query""#, 1.0),
            (r#"outcome="done",verb="update""#, 1.0),
            (r#"outcome="missing",verb="get""#, 1.0),
        ]
    );
    assert_eq!(seen[r#"portdesk_request_duration_seconds_count{operation="create_ticket"}"#], 3.0);
    assert_eq!(seen[r#"portdesk_store_call_duration_seconds_count{verb="insert"}"#], 3.0);
    assert_eq!(seen["portdesk_instances_in_use"], 0.0);
    assert_eq!(seen["portdesk_requests_in_flight"], 0.0);
    assert!(seen["portdesk_connections_open"] >= 1.0);
    assert!(seen["portdesk_guest_memory_high_water_bytes"] >= 65_536.0);
    assert_eq!(of(&seen, "portdesk_build_info").len(), 1);
    assert!(!seen.keys().any(|name| name.contains("certificate")), "this host has no TLS");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bad_connection_came_to_is_counted_by_its_reason() {
    let host = Running::start(&[&FLAGS[..], &["--client-timeout-ms", "100"]].concat()).await;
    for request in ["", "GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n"] {
        let mut connection = TcpStream::connect(host.address()).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        rest(&mut connection).await;
    }
    let seen = scrape(host.metrics.as_ref().unwrap()).await;
    assert_eq!(of(&seen, "portdesk_connections_ended_total"), [(r#"reason="first_byte_slow""#, 1.0)]);
    assert_eq!(of(&seen, "portdesk_refusals_total"), [(r#"reason="no_host""#, 1.0)]);
    assert_eq!(of(&seen, "portdesk_requests_total"), [(r#"operation="none",status="400",via="http""#, 1.0)]);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_client_makes_a_series() {
    let host = Running::start(&FLAGS).await;
    let metrics = host.metrics.clone().unwrap();
    let client = host.client();
    let junk = async |round: usize| {
        for number in 0..20 {
            client.get(&format!("/junk-{round}-{number}?q={number}")).await;
            client.send(&format!("JUNK{round}{number}"), "/tickets", &[], None).await;
            client.get(&format!("/tickets/{round}-{number}")).await;
        }
    };
    junk(0).await;
    let names = |seen: &BTreeMap<String, f64>| seen.keys().cloned().collect::<Vec<_>>();
    let before = names(&scrape(&metrics).await);
    junk(1).await;
    let after = names(&scrape(&metrics).await);
    assert_eq!(before, after);
    assert!(!after.iter().any(|name| name.to_lowercase().contains("junk")), "{after:?}");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_on_their_own_listener_and_nothing_else_is() {
    let host = Running::start(&FLAGS).await;
    let metrics = host.metrics.clone().unwrap();
    host.client().get("/metrics").await.expect(404);
    Client::new(&host.url, None).get("/metrics").await.expect(403);
    let base = metrics.strip_suffix("/metrics").unwrap();
    for path in ["/", "/healthz", "/openapi.yaml", "/tickets?caller=ada", "/metrics/", "/metricsx"] {
        let answer = reqwest::get(format!("{base}{path}")).await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        assert!(answer.text().await.unwrap().contains("not_found"), "{path}");
    }
    let posted = reqwest::Client::new().post(&metrics).body("x").send().await.unwrap();
    assert_eq!((posted.status().as_u16(), &posted.headers()["allow"]), (405, &"GET, HEAD".parse().unwrap()));
    let head = reqwest::Client::new().head(&metrics).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.text().await.unwrap(), "");
    host.stop().await;
    assert!(reqwest::get(&metrics).await.is_err(), "it ends with its host");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_serves_metrics_unless_they_are_asked_for() {
    let host = Running::start(&["--store", "memory"]).await;
    assert_eq!(host.metrics, None);
    host.stop().await;
}

#[test]
fn others_read_the_metrics_only_where_they_are_let() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let flags = ["--store", "memory", "--listen", "127.0.0.1:0", "--data-dir", folder];
    let refused = run(&[&flags[..], &["--metrics", "0.0.0.0:0"]].concat());
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("--allow-plaintext"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_attempt_is_counted() {
    let table = Table::create().await;
    let proxy = Proxy::start(&table.server.endpoint, Plan::none()).await;
    let host = HostOnDynamo::start(&proxy.url, &["--metrics", "127.0.0.1:0"]);
    let metrics = host.process.metrics().to_owned();
    assert_eq!(scrape(&metrics).await["portdesk_store_retries_total"], 0.0);
    proxy.follow(Plan::script("PutItem", [Fault::ErrorBefore, Fault::ErrorBefore]));
    let ticket = host.client().create("ada", "The VPN drops.").await;
    assert_eq!(scrape(&metrics).await["portdesk_store_retries_total"], 2.0);
    proxy.follow(Plan::script("GetItem", [Fault::ResetBefore]));
    host.client().get(&path(&ticket)).await.expect(200);
    let seen = scrape(&metrics).await;
    assert_eq!(seen["portdesk_store_retries_total"], 3.0);
    proxy.follow(Plan::always(Fault::Refused("ProvisionedThroughputExceededException")));
    host.client().get("/tickets?caller=ada").await.expect(503);
    let seen = scrape(&metrics).await;
    assert_eq!(
        of(&seen, "portdesk_store_calls_total"),
        [
            (r#"outcome="done",verb="get""#, 1.0),
            (r#"outcome="done",verb="insert""#, 1.0),
            (r#"outcome="throttled",verb="query""#, 1.0),
        ]
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_the_store_has_a_size() {
    let host = Running::start(&["--metrics", "127.0.0.1:0"]).await;
    let before = scrape(host.metrics.as_ref().unwrap()).await["portdesk_store_log_bytes"];
    host.client().create("ada", "The VPN drops.").await;
    assert!(scrape(host.metrics.as_ref().unwrap()).await["portdesk_store_log_bytes"] > before);
    host.stop().await;
}
