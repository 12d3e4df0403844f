//! The settings for a table: with which ones a host starts, which requests it sends, and by which proxy.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portdesk_test_support::free_port;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Desk, path};
use crate::harness::{Logged, TABLE, Table, on_dynamodb, portdesk, serve, until_ready, with_credentials};

/// A host on a machine without a setting of AWS and without a proxy.
fn bare(data: &TempDir, flags: &[&str]) -> Command {
    let mut command = serve(data.path(), flags);
    for (name, _) in std::env::vars() {
        if name.starts_with("AWS_") || name.to_lowercase().ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    // Otherwise the SDK would ask the machine that runs the tests for credentials.
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", "/nowhere").stderr(Stdio::piped());
    command.args(["--rate-limit", "off"]);
    command
}

/// Runs a host that must refuse to start. Returns its error.
fn refused(command: &mut Command) -> String {
    let ended = command.output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    said
}

fn ticket() -> Value {
    json!({ "caller_id": "ada", "issue_description": "The VPN drops." })
}

/// A server that counts connections and sends this answer on each.
async fn listener(answer: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut asked = [0; 16 * 1024];
                let _ = connection.read(&mut asked).await;
                let _ = connection.write_all(answer.as_bytes()).await;
            });
        }
    });
    (port, count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_dropped_under_a_host_turns_it_red_and_asks_nobody_to_repeat() {
    let desk = Desk::open().await;
    let made = desk.ticket().await;
    until_ready(&desk.host.url, 200).await;
    let gone = json!({ "TableName": TABLE, "GlobalSecondaryIndexUpdates": [{ "Delete": { "IndexName": "CallerIdIndex" } }] });
    desk.table.call("UpdateTable", &gone).await;
    let listed = desk.client().get("/tickets?caller=ada").await.expect(500);
    assert_eq!(listed.json()["type"], "urn:portdesk:problem:store-misconfigured");
    assert_eq!(listed.find_header("retry-after"), None);
    desk.client().get(&path(&made)).await.expect(200);
    until_ready(&desk.host.url, 503).await;
    desk.host.stop().await;
}

/// A host that uses a server on this machine asks neither the proxy nor the service for credentials.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_on_this_machine_needs_no_region_no_credentials_and_no_proxy() {
    let table = Table::create().await;
    let (port, asked) = listener("HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n").await;
    let elsewhere = format!("http://127.0.0.1:{port}");
    let by_name = table.server.endpoint.replace("127.0.0.1", "localhost");
    for endpoint in [&table.server.endpoint, &by_name] {
        let data = tempfile::tempdir().unwrap();
        let mut command = bare(&data, &["--store", "dynamodb", "--table", TABLE, "--endpoint-url", endpoint]);
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
            command.env(name, &elsewhere);
        }
        command.env_remove("AWS_EC2_METADATA_DISABLED").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &elsewhere);
        command
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &elsewhere)
            .env("AWS_PROFILE", "of-another-machine");
        // An empty variable counts as not set.
        command.env("AWS_REGION", "").env("AWS_ACCESS_KEY_ID", "").env("AWS_ENDPOINT_URL", "");
        let logged = Logged::start(data.path(), &mut command);
        logged.host.client().create("ada", "The VPN drops.").await;
        logged.host.client().get("/tickets?caller=ada").await.expect(200);
        logged.end();
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

/// The host does not resolve the name of the server, because the proxy does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_refuses_is_named_without_its_password() {
    let refusing = [
        "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "no HTTP at all\r\n\r\n",
    ];
    let mut proxies = vec![free_port()];
    for answer in refusing {
        proxies.push(listener(answer).await.0);
    }
    for port in proxies {
        for (scheme, variable) in [("http", "HTTP_PROXY"), ("https", "HTTPS_PROXY"), ("https", "all_proxy")] {
            let endpoint = format!("{scheme}://dynamodb.invalid");
            let data = tempfile::tempdir().unwrap();
            let mut command = with_credentials(bare(&data, &on_dynamodb(&endpoint)));
            command.env(variable, format!("http://me:secret-password@127.0.0.1:{port}"));
            let logged = Logged::start(data.path(), &mut command);
            let answer = logged.host.client().post("/tickets", &ticket()).await;
            assert_eq!(answer.status, 503, "{variable}: {}", answer.text());
            let (log, _) = logged.end();
            let named = format!("proxy 127.0.0.1:{port}");
            assert!(log.contains(&named) && !log.contains("secret-password"), "{variable}: {log}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_connection_a_proxy_refuses_stored_nothing() {
    let (port, _) = listener("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
    let data = tempfile::tempdir().unwrap();
    let mut command = with_credentials(bare(&data, &on_dynamodb("https://dynamodb.invalid")));
    let proxy = format!("http://127.0.0.1:{port}");
    let logged = Logged::start(data.path(), command.env("HTTPS_PROXY", proxy));
    let answer = logged.host.client().post("/tickets", &ticket()).await.expect(503);
    assert!(answer.text().contains("nothing was stored"), "{}", answer.text());
    logged.end();
}

#[test]
fn a_host_without_credentials_or_region_does_not_start_and_says_what_to_set() {
    let data = tempfile::tempdir().unwrap();
    let command = || bare(&data, &["--store", "dynamodb", "--table", TABLE]);
    let without_region = refused(&mut command());
    assert!(without_region.contains("AWS_REGION"), "{without_region}");
    let mut empty = command();
    empty.env("AWS_REGION", "").env("AWS_DEFAULT_REGION", "").env("PORTDESK_REGION", "");
    assert_eq!(refused(&mut empty), without_region);
    let said = refused(&mut bare(&data, &on_dynamodb("http://dynamodb.invalid")));
    assert!(said.contains("AWS_ACCESS_KEY_ID"), "{said}");
}

/// The settings of AWS may name the endpoint.
#[test]
fn an_endpoint_of_the_aws_settings_is_checked_as_that_of_the_flag() {
    let data = tempfile::tempdir().unwrap();
    let command =
        || with_credentials(bare(&data, &["--store", "dynamodb", "--table", TABLE, "--region", "us-east-1"]));
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"] {
        let said = refused(command().env(name, "127.0.0.1:8000"));
        assert!(said.contains(name), "{said}");
    }
    let profile =
        "[default]\nservices = here\n[services here]\ndynamodb =\n  endpoint_url = 127.0.0.1:8000\n";
    fs::write(data.path().join("config"), profile).unwrap();
    let said = refused(command().env("AWS_CONFIG_FILE", data.path().join("config")));
    assert!(said.contains("endpoint"), "{said}");
}

/// A command that reads counts needs no right to write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_keys_writes_nothing_into_the_table() {
    let table = Table::create().await;
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    assert!(portdesk(&["key", "create", "x", "--data-dir", folder]).output().unwrap().status.success());
    let mut command = with_credentials(portdesk(&["key", "list", "--data-dir", folder, "--table", TABLE]));
    let listed = command.args(["--endpoint-url", &table.server.endpoint]).output().unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let found = table.call("Scan", &json!({ "TableName": TABLE })).await;
    assert_eq!(found["Count"], 0, "{found}");
}
