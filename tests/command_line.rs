//! The command line of the program: its output, its refusals, its exit codes.

use std::fs;
use std::process::{Command, Output, Stdio};

use portdesk::host::BUILT_IN_COMPONENT;
use portdesk_test_support::Server;
use serde_json::{Value, json};

use crate::harness::{Client, Process, portdesk, run, serve};

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
    let mut command = serve(data.path(), &["--log-level", "error"]);
    Process::spawn(command.env_remove("PORTDESK_API_KEY"))
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

#[test]
fn a_second_host_on_the_same_folder_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let _host = Process::start(data.path(), &[]);
    let folder = data.path().to_str().unwrap();
    let second = serve(data.path(), &[]).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains(folder), "{}", text(&second.stderr));
}

#[test]
fn a_taken_address_is_refused_by_its_flag() {
    let data = tempfile::tempdir().unwrap();
    let host = Process::start(data.path(), &[]);
    let other = tempfile::tempdir().unwrap();
    let mut second = portdesk(&["--listen", host.address(), "--data-dir", other.path().to_str().unwrap()]);
    let second = second.env_remove("PORTDESK_API_KEY").output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("--listen"), "{}", text(&second.stderr));
    assert!(!other.path().join("keys.json").exists(), "a key that nobody sees is not made");
}

#[test]
fn wrong_use_names_the_flag_and_exits_with_2() {
    for (arguments, named) in [
        (&["--isolation", "none"][..], "--isolation"),
        (&["--body-limit-bytes", "9999999999"], "--body-limit-bytes"),
        (&["--tls-cert", "some.pem"], "--tls-key"),
        (&["--tls-key", "some.pem"], "--tls-cert"),
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
        (&networked, "imports HTTP to other servers (wasi:http/types@0.2.12)"),
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

#[test]
fn a_check_of_a_desk_prints_the_tool_of_each_operation() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("desk.wasm");
    fs::write(&file, BUILT_IN_COMPONENT).unwrap();
    let checked = run(&["check", file.to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stderr));
    let said = text(&checked.stdout);
    let (first, rest) = said.split_once('\n').unwrap();
    assert!(first.ends_with("this component is a desk: `portdesk --component FILE` serves it"), "{first}");
    assert_eq!(
        rest,
        "what it gets:\n  \
         items: its own, in the store of the host (portdesk:desk/key-value)\n  \
         time: that of the host, or of the space; a wait ends at the deadline of the request (wasi:clocks/wall-clock)\n  \
         randomness: that of the host, or of the space (wasi:random/random)\n  \
         memory: 1 MiB before the first request\n\
         tools for agents:\n  \
         create_ticket         write  POST    /tickets\n  \
         list_recent_tickets   read   GET     /tickets\n  \
         get_ticket_status     read   GET     /tickets/{ticket_id}\n  \
         update_ticket_status  write  PATCH   /tickets/{ticket_id}\n  \
         add_ticket_comment    write  POST    /tickets/{ticket_id}/comments\n"
    );
}

/// A component with the exports of a desk and an import that no desk has.
const NETWORKED: &str = r#"(component
  (import "wasi:http/types@0.2.12" (instance $network))
  (export "portdesk:desk/handler@0.1.0" (instance $network))
  (export "portdesk:desk/schema@0.1.0" (instance $network)))"#;

fn run_component(file: &std::path::Path, data: &std::path::Path) -> Output {
    serve(data, &[]).arg("--component").arg(file).output().unwrap()
}

#[test]
fn a_table_is_made_checked_and_served_from() {
    let server = Server::start();
    let table =
        |command: &str| run(&["table", command, "--table", "desk", "--endpoint-url", &server.endpoint]);
    let missing = table("check");
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("portdesk table create"), "{}", text(&missing.stderr));
    for message in ["making table desk", "table desk is there already"] {
        let made = table("create");
        assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
        assert!(text(&made.stderr).contains(message), "{}", text(&made.stderr));
    }
    assert_eq!(table("check").status.code(), Some(0));

    let data = tempfile::tempdir().unwrap();
    let flags = ["--store", "dynamodb", "--endpoint-url", &server.endpoint, "--table"];
    let host = Process::start(data.path(), &[&flags[..], &["desk"]].concat());
    assert!(
        host.banner.contains("DynamoDB table desk") && host.banner.contains("--store dynamodb --table desk")
    );
    let other = serve(data.path(), &[&flags[..], &["other"]].concat()).output().unwrap();
    assert_eq!(other.status.code(), Some(1));
    let errors = text(&other.stderr);
    assert!(errors.contains("--table other") && errors.contains("portdesk table create"), "{errors}");
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

#[test]
fn the_cost_of_a_month_is_a_table_with_what_it_assumes() {
    let printed = run(&["cost", "--requests", "10000", "--ms", "20"]);
    assert_eq!(printed.status.code(), Some(0), "{}", text(&printed.stderr));
    let printed = text(&printed.stdout);
    let usd = |part: &str| {
        let line = printed.lines().find(|line| line.starts_with(part)).unwrap_or_else(|| panic!("{printed}"));
        line.split_whitespace().last().unwrap().parse::<f64>().unwrap()
    };
    let parts = [
        "REST API",
        "Lambda requests",
        "Lambda time",
        "DynamoDB reads",
        "DynamoDB writes",
        "CloudWatch Logs",
        "S3",
        "Secrets Manager",
    ];
    let sum: f64 = parts.into_iter().map(usd).sum();
    assert!((sum - usd("total")).abs() < 0.001, "{printed}");
    assert!((0.4..0.5).contains(&usd("total")), "{printed}");
    assert!((usd("AgentCore Gateway") - 0.05).abs() < 1e-9, "{printed}");
    assert!(
        printed.contains("Assumed: ") && printed.lines().all(|line| line.chars().count() <= 120),
        "{printed}"
    );

    let flags = ["--requests", "10000", "--ms", "20"];
    for wrong in [&["--reads", "41"][..], &["--item-kib", "401"], &["--lists", "101"]] {
        let ended = run(&[&["cost"][..], &flags, wrong].concat());
        assert_eq!(ended.status.code(), Some(2));
        assert!(text(&ended.stderr).contains(wrong[0]), "{}", text(&ended.stderr));
    }
}
