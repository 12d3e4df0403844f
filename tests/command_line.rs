//! The command line of the program: its output, its refusals, its exit codes.

use std::fs::{self, File, OpenOptions};
use std::process::{Command, Output, Stdio};

use portdesk::host::BUILT_IN_COMPONENT;
use portdesk_test_support::Server;
use serde_json::{Value, json};

use crate::harness::{Client, KEY, Process, portdesk, run};

fn text(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).unwrap()
}

/// The key in the output of a host or of `key create`.
fn key_in(printed: &str) -> Option<String> {
    let words = printed.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    words.map(str::to_owned).find(|word| word.len() == 57 && word.starts_with("portdesk_"))
}

/// A host without a key in the environment, as on a first start.
fn first_start(data: &tempfile::TempDir) -> Process {
    let mut command = portdesk(&["--listen", "127.0.0.1:0", "--log-level", "error", "--data-dir"]);
    Process::spawn(command.arg(data.path()).env_remove("PORTDESK_API_KEY"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_keeps_data_and_key() {
    let data = tempfile::tempdir().unwrap();
    let host = first_start(&data);
    let key = key_in(&host.banner).expect("the first start shows a key");
    let body = json!({ "caller_id": "ada", "issue_description": "The VPN drops." });
    let ticket = Client::new(&host.url, Some(&key)).post("/tickets", &body).await.expect(201);
    assert_eq!(host.end("INT").0, Some(0));
    let host = first_start(&data);
    assert_eq!(key_in(&host.banner), None, "a key is shown once");
    let found = Client::new(&host.url, Some(&key)).get(ticket.header("location")).await.expect(200);
    assert_eq!(found.json(), ticket.json());
    assert!(!fs::read_to_string(data.path().join("keys.json")).unwrap().contains(&key));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_samples_run_as_they_stand() {
    let data = tempfile::tempdir().unwrap();
    let host = first_start(&data);
    let script = host.samples();
    let output = Command::new("sh").args(["-euc", script]).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}\n{}", script, text(&output.stderr));
    assert_eq!(text(&output.stdout).matches("\"ticket_id\"").count(), 5, "{}", text(&output.stdout));
    assert!(!text(&output.stdout).contains("\"message\""), "{}", text(&output.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_listed_and_revoked_while_the_host_runs() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let host = Process::start(data.path(), &[]);
    let made = run(&["key", "create", "agent", "--data-dir", folder]);
    let key = key_in(&text(&made.stdout)).unwrap();
    let client = Client::new(&host.url, Some(&key));
    until(async || client.get("/tickets?caller=ada").await.status == 200).await;
    let listed = text(&run(&["key", "list", "--data-dir", folder]).stdout);
    let id = listed.split_whitespace().next().unwrap().to_owned();
    assert!(key.contains(&id) && listed.contains("agent") && !listed.contains(&key));
    assert_eq!(run(&["key", "revoke", &id, "--data-dir", folder]).status.code(), Some(0));
    until(async || client.get("/tickets?caller=ada").await.status == 403).await;
    assert_eq!(run(&["key", "revoke", "nobody", "--data-dir", folder]).status.code(), Some(1));
}

/// Waits for something that a host does by itself within a second. Panics after ten seconds.
async fn until(mut done: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !done().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), waited)
        .await
        .expect("it happens within ten seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_requests_and_never_keys_or_what_they_say() {
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log");
    let mut command = portdesk(&["--listen", "127.0.0.1:0", "--log-level", "debug", "--log-format", "json"]);
    command.arg("--data-dir").arg(data.path()).stderr(File::create(&log).unwrap());
    let host = Process::spawn(&mut command);
    let marked = json!({ "caller_id": "marked-caller", "issue_description": "marked-text" });
    let keyed = [("idempotency-key", "marked-idempotency")];
    let created = host.client().send("POST", "/tickets", &keyed, Some(&marked)).await.expect(201);
    host.client().get("/tickets?caller=marked-caller").await.expect(200);
    host.client().get("/marked-path").await.expect(404);
    host.client().send("MARKED-METHOD", "/tickets", &[], None).await.expect(405);
    Client::new(&host.url, Some("marked-wrong-key-0123456789")).get("/tickets").await.expect(403);
    assert_eq!(host.end("TERM").0, Some(0));
    let log = fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let id = created.header("x-amzn-requestid");
    assert!(
        lines.iter().any(|line| line["request_id"] == id && line["operation"] == "create_ticket"),
        "{log}"
    );
    assert!(!log.to_lowercase().contains("marked") && !log.contains(KEY), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_stops_no_request() {
    let data = tempfile::tempdir().unwrap();
    let mut command = portdesk(&["--listen", "127.0.0.1:0", "--data-dir"]);
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let host = Process::spawn(command.arg(data.path()).stderr(full));
    let body = json!({ "caller_id": "ada", "issue_description": "The VPN drops." });
    host.client().post("/tickets", &body).await.expect(201);
    assert_eq!(host.end("TERM").0, Some(0));
}

#[test]
fn a_second_host_on_the_same_folder_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let _host = Process::start(data.path(), &[]);
    let folder = data.path().to_str().unwrap();
    let second = run(&["--listen", "127.0.0.1:0", "--data-dir", folder]);
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains(folder), "{}", text(&second.stderr));
}

#[test]
fn a_taken_address_is_refused_by_its_flag() {
    let data = tempfile::tempdir().unwrap();
    let host = Process::start(data.path(), &[]);
    let address = host.url.trim_start_matches("http://");
    let other = tempfile::tempdir().unwrap();
    let mut second = portdesk(&["--listen", address, "--data-dir", other.path().to_str().unwrap()]);
    let second = second.env_remove("PORTDESK_API_KEY").output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("--listen"), "{}", text(&second.stderr));
    assert!(!other.path().join("keys.json").exists(), "a key that nobody sees is not made");
}

#[test]
fn wrong_use_names_the_flag_and_exits_with_2() {
    for (arguments, named) in [
        (&["--listen", "nowhere"][..], "--listen"),
        (&["--store", "paper"], "--store"),
        (&["--isolation", "none"], "--isolation"),
        (&["--instances", "0"], "--instances"),
        (&["--body-limit-bytes", "9999999999"], "--body-limit-bytes"),
        (&["--no-such-flag"], "--no-such-flag"),
        (&["--store", "dynamodb"], "--table"),
        (&["--client-timeout-ms", "0"], "--client-timeout-ms"),
        (&["table", "policy", "--table", "desk", "--region", "eu-west-1", "--account", "me"], "--account"),
        (&["sing"], "sing"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(named), "{arguments:?}: {}", text(&output.stderr));
    }
    let short = portdesk(&[]).env("PORTDESK_API_KEY", "short").output().unwrap();
    assert_eq!(short.status.code(), Some(2));
    assert!(text(&short.stderr).contains("PORTDESK_API_KEY"));
    let variable = portdesk(&[]).env("PORTDESK_STORE", "paper").output().unwrap();
    assert_eq!(variable.status.code(), Some(2));
    assert!(text(&variable.stderr).contains("PORTDESK_STORE") || text(&variable.stderr).contains("--store"));
}

#[test]
fn a_file_that_is_no_component_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.wasm");
    let core_module = b"\0asm\x01\0\0\0";
    let empty_component = b"\0asm\x0d\0\x01\0";
    let networked = wat::parse_str(NETWORKED).unwrap();
    let stand_alone = portdesk_components::stand_alone(portdesk_components::STORES[0]).unwrap().wasm;
    for (bytes, said) in [
        (&b"hello"[..], "not a WebAssembly component"),
        (core_module, "core WebAssembly module"),
        (empty_component, "does not fit the world"),
        (&BUILT_IN_COMPONENT[..BUILT_IN_COMPONENT.len() / 2], "is damaged"),
        (&networked, "imports the network (wasi:sockets/network@0.2.12)"),
        (&stand_alone, "serves wasi:http by itself"),
    ] {
        fs::write(&file, bytes).unwrap();
        let output = run_component(&file, folder.path());
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
        let checked = run(&["check", file.to_str().unwrap()]);
        assert!(text(&[checked.stdout, checked.stderr].concat()).contains(said), "`check` says the same");
    }
    let output = run_component(&folder.path().join("missing.wasm"), folder.path());
    assert!(text(&output.stderr).contains("--component"), "{}", text(&output.stderr));
}

/// A component with the exports of a desk and an import that no desk has.
const NETWORKED: &str = r#"(component
  (import "wasi:sockets/network@0.2.12" (instance $network))
  (export "portdesk:desk/handler@0.1.0" (instance $network))
  (export "portdesk:desk/schema@0.1.0" (instance $network)))"#;

fn run_component(file: &std::path::Path, data: &std::path::Path) -> Output {
    portdesk(&["--listen", "127.0.0.1:0"])
        .arg("--component")
        .arg(file)
        .arg("--data-dir")
        .arg(data)
        .output()
        .unwrap()
}

#[test]
fn a_table_is_made_checked_and_served_from() {
    let server = Server::start();
    let table =
        |command: &str| run(&["table", command, "--table", "desk", "--endpoint-url", &server.endpoint]);
    let missing = table("check");
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("portdesk table create"), "{}", text(&missing.stderr));
    for told in ["making table desk", "table desk is there already"] {
        let made = table("create");
        assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
        assert!(text(&made.stderr).contains(told), "{}", text(&made.stderr));
    }
    assert_eq!(table("check").status.code(), Some(0));

    let data = tempfile::tempdir().unwrap();
    let flags = ["--store", "dynamodb", "--endpoint-url", &server.endpoint, "--table"];
    let host = Process::start(data.path(), &[&flags[..], &["desk"]].concat());
    assert!(
        host.banner.contains("DynamoDB table desk") && host.banner.contains("--store dynamodb --table desk")
    );
    let folder = data.path().to_str().unwrap();
    let other = run(&[&flags[..], &["other", "--listen", "127.0.0.1:0", "--data-dir", folder]].concat());
    assert_eq!(other.status.code(), Some(1));
    assert!(text(&other.stderr).contains("--table other"), "{}", text(&other.stderr));
}

#[test]
fn a_policy_allows_four_actions_on_one_table_and_its_index() {
    let flags = ["--table", "desk", "--region", "eu-west-1", "--account", "123456789012"];
    let printed = text(&run(&[&["table", "policy"][..], &flags].concat()).stdout);
    let policy: Value = serde_json::from_str(&printed).unwrap();
    let table = "arn:aws:dynamodb:eu-west-1:123456789012:table/desk";
    let actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"];
    assert_eq!(policy["Statement"][0]["Action"], json!(actions));
    assert_eq!(policy["Statement"][0]["Resource"], table);
    assert_eq!(policy["Statement"][1]["Action"], json!(["dynamodb:Query"]));
    assert_eq!(policy["Statement"][1]["Resource"], json!([format!("{table}/index/CallerIdIndex")]));
    assert!(!printed.contains('*'));
}

#[test]
fn the_contract_is_printed_as_it_is() {
    let contract = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml");
    assert_eq!(text(&run(&["openapi"]).stdout), fs::read_to_string(contract).unwrap());
}
