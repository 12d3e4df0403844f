//! The judges of the protocol, and the clients that agents have.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use portdesk_test_support as tools;

use super::key_on_plan;
use super::profiles::python;
use crate::harness::{KEY, Running};

/// A host with usage plans, and the key of a client that may send three requests a month.
async fn host() -> (Running, String) {
    let data = tempfile::tempdir().unwrap();
    let key = key_on_plan(data.path(), &["--quota", "3"]);
    (Running::start_in(data, &["--store", "memory", "--rate-limit", "plan"]).await, key)
}

fn succeeded(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let printed = [output.stdout.as_slice(), &output.stderr].map(String::from_utf8_lossy).concat();
    assert!(output.status.success(), "{command:?}: {printed}");
    output
}

/// A script of this folder.
fn script(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("mcp").join(name).display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_a_ticket_in_the_python_clients() {
    for client in ["auto", "legacy", "2026-07-28", "fastmcp"] {
        let (host, poor) = host().await;
        python(&[&script("story.py"), &format!("{}/mcp", host.url), KEY, &poor, client]);
        host.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_a_ticket_in_the_typescript_client() {
    let (host, poor) = host().await;
    let story = tools::mcp_script(Path::new(&script("story.mjs")));
    succeeded(Command::new("node").arg(story).args([&format!("{}/mcp", host.url), KEY, &poor]));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inspector_lists_the_tools_in_every_era() {
    let (host, _) = host().await;
    for era in ["legacy", "auto", "modern"] {
        let mut inspector = Command::new(tools::node22());
        inspector.arg(tools::mcp_program("mcp-inspector"));
        inspector.args(["--cli", &format!("{}/mcp", host.url), "--transport", "http", "--strict"]);
        inspector.args([
            "--header",
            &format!("x-api-key: {KEY}"),
            "--method",
            "tools/list",
            "--protocol-era",
            era,
        ]);
        let output = succeeded(&mut inspector);
        let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(list["tools"].as_array().unwrap().len(), 5, "{era}");
    }
    host.stop().await;
}

/// The checks of a scenario that failed, sorted.
fn failed_checks(folder: &Path, scenario: &str) -> Vec<String> {
    let results = std::fs::read_dir(folder.join("results")).unwrap().map(|entry| entry.unwrap().path());
    let is_this = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().contains(scenario);
    let checks = std::fs::read(results.into_iter().find(is_this).unwrap().join("checks.json")).unwrap();
    let checks: Vec<serde_json::Value> = serde_json::from_slice(&checks).unwrap();
    let failed = checks.iter().filter(|check| check["status"] == "FAILURE");
    let mut failed: Vec<_> = failed.map(|check| check["id"].as_str().unwrap().to_owned()).collect();
    failed.sort();
    failed
}

/// Checks that need tools of these names with a behaviour that no operation has.
const UNTESTABLE: [&str; 4] = [
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-missing-capability-http-400",
    "sep-2575-server-no-log-without-loglevel",
    "sep-2575-server-rejects-undeclared-capability",
];

/// The suite sends no key, so a proxy adds it.
#[tokio::test(flavor = "multi_thread")]
async fn the_official_suite_finds_only_the_checks_that_need_its_own_fixtures() {
    let host = Running::start(&["--store", "memory"]).await;
    let port = host.address().rsplit_once(':').unwrap().1.to_owned();
    let mut proxy = Command::new("node");
    proxy.args([&script("with-key.mjs"), &port, KEY]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut proxy = proxy.spawn().unwrap();
    let mut address = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(proxy.stdout.take().unwrap()), &mut address)
        .unwrap();
    let url = format!("http://127.0.0.1:{}/mcp", address.trim());
    for version in ["2026-07-28", "2025-11-25"] {
        let folder = tempfile::tempdir().unwrap();
        let mut suite = Command::new(tools::node22());
        suite.arg(tools::mcp_program("conformance")).current_dir(folder.path());
        suite.args([
            "server",
            "--url",
            &url,
            "--requirements",
            version,
            "--timeout",
            "60000",
            "--expected-failures",
        ]);
        succeeded(suite.arg(script(&format!("{version}.yml"))).args(["--output-dir", "results"]));
        if version == "2026-07-28" {
            assert_eq!(failed_checks(folder.path(), "server-stateless"), UNTESTABLE);
        }
    }
    drop(proxy.stdin.take());
    proxy.wait().unwrap();
    host.stop().await;
}
