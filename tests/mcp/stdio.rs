//! `portdesk mcp`: one agent over standard input and output.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{call, message};
use crate::harness::{KEY, Running, portdesk, until};

/// What the program answers to these lines, by the id of the request. Panics unless it exits with 0 at the end of its input and
/// prints nothing but messages.
fn session(command: &mut Command, lines: &[String]) -> Vec<Value> {
    session_of(command, (lines.join("\n") + "\n").into_bytes())
}

fn session_of(command: &mut Command, lines: Vec<u8>) -> Vec<Value> {
    command.arg("--log-level").arg("error");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // The output may fill its pipe before all lines are read.
    let writing = std::thread::spawn(move || input.write_all(&lines));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    printed.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

fn local(data: &Path) -> Command {
    let mut command = portdesk(&[]);
    command.args(["mcp", "--data-dir"]).arg(data);
    command
}

fn numbered(id: u64, mut message: Value) -> String {
    message["id"] = id.into();
    message.to_string()
}

fn of(answers: &[Value], id: u64) -> &Value {
    answers.iter().find(|answer| answer["id"] == id).unwrap_or_else(|| panic!("no answer {id}: {answers:?}"))
}

fn modern(mut message: Value) -> Value {
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
    });
    message
}

fn new_ticket() -> Value {
    call("create_ticket", &json!({ "caller_id": "ada", "issue_description": "No power." }))
}

#[test]
fn an_agent_of_either_era_uses_the_store_of_the_data_folder() {
    let data = tempfile::tempdir().unwrap();
    let initialize = json!({
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"},
    });
    let old = session(
        &mut local(data.path()),
        &[
            numbered(1, message("initialize", &initialize)),
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.to_owned(),
            numbered(2, new_ticket()),
            numbered(3, message("ping", &json!({}))),
        ],
    );
    assert_eq!(old.len(), 3, "{old:?}");
    assert_eq!(of(&old, 1)["result"]["protocolVersion"], "2025-06-18");
    let id = of(&old, 2)["result"]["structuredContent"]["ticket_id"].clone();
    // The first session has closed the store, so another one finds the ticket.
    let get = call("get_ticket_status", &json!({ "ticket_id": id }));
    let new = session(
        &mut local(data.path()),
        &[numbered(7, modern(get)), numbered(8, modern(message("ping", &json!({}))))],
    );
    assert_eq!(of(&new, 7)["result"]["structuredContent"]["ticket_id"], id);
    assert_eq!(of(&new, 7)["result"]["resultType"], "complete");
    assert_eq!(of(&new, 8)["error"]["code"], -32601, "the newer protocol has no ping");
}

#[test]
fn ten_thousand_messages_and_a_line_that_is_too_long_are_all_answered() {
    let data = tempfile::tempdir().unwrap();
    let list = call("list_recent_tickets", &json!({ "caller": "ada" }));
    let mut lines: Vec<String> = (0..10_000).map(|id| numbered(id, list.clone())).collect();
    lines.insert(5000, format!("\"{}\"", "x".repeat(3_000_000)));
    let answers = session(local(data.path()).args(["--store", "memory"]), &lines);
    assert_eq!(answers.len(), 10_001);
    let refused: Vec<_> = answers.iter().filter(|answer| answer.get("error").is_some()).collect();
    assert_eq!(
        (refused.len(), &refused[0]["error"]["code"], &refused[0]["id"]),
        (1, &json!(-32600), &Value::Null)
    );
    assert!(
        answers
            .iter()
            .filter(|answer| answer.get("result").is_some())
            .all(|answer| answer["result"]["isError"] == false)
    );
}

/// A call that has exactly this many bytes.
fn padded(id: u64, bytes: usize) -> String {
    let call = numbered(id, call("list_recent_tickets", &json!({ "caller": "ada" })));
    let (padding, rest) = (" ".repeat(bytes - call.len()), &call[1..]);
    format!("{{{padding}{rest}")
}

#[test]
fn a_malformed_line_gets_an_error_and_the_next_call_is_answered() {
    const LIMIT: usize = 65_536;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_call =
        format!(r#"{{"jsonrpc":"2.0","id":900,"method":"tools/call","params":{{"arguments":{deep}}}}}"#);
    let no_json: [&[u8]; 8] = [
        b"garbage",
        b"{",
        b"{\"jsonrpc\":\"2.0\",\"id\":901,\"method\":\"\xff\"}",
        b"\0",
        b"{\"jsonrpc\":\"2.0\",\"id\":902,\"method\":\"ping\"}\0",
        b"{} {}",
        deep.as_bytes(),
        deep_call.as_bytes(),
    ];
    let too_long = padded(903, LIMIT + 1);
    let no_message: [&[u8]; 8] = [
        b"[]",
        br#"[{"jsonrpc":"2.0","id":904,"method":"ping"}]"#,
        b"3",
        b"null",
        br#"{"jsonrpc":"2.0","id":905}"#,
        br#"{"jsonrpc":"2.0","id":906,"method":3}"#,
        br#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        too_long.as_bytes(),
    ];
    let skipped: [&[u8]; 5] =
        [b"", b" \t", b"\r", br#"{"method":"x"}"#, br#"{"jsonrpc":"2.0","method":"notifications/x"}"#];
    let mut lines = Vec::new();
    let all = [&no_json[..], &no_message, &skipped].concat();
    for (id, malformed) in (0..).zip(&all) {
        let good = numbered(id, call("list_recent_tickets", &json!({ "caller": "ada" })));
        lines.extend([malformed, &b"\n"[..], good.as_bytes(), b"\r\n"].concat());
    }
    let at_limit = [padded(800, LIMIT), padded(801, LIMIT)].join("\r\n");
    lines.extend(at_limit.as_bytes());
    let data = tempfile::tempdir().unwrap();
    let answers = session_of(local(data.path()).args(["--store", "memory"]), lines);
    for id in (0..21).chain([800, 801]) {
        assert_eq!(of(&answers, id)["result"]["isError"], false, "{id}");
    }
    let errors = |code: i64| answers.iter().filter(|answer| answer["error"]["code"] == code).count();
    assert_eq!((errors(-32700), errors(-32600), answers.len()), (8, 8, 21 + 2 + 16), "{answers:?}");
    assert!(answers.iter().all(|answer| answer.get("error").is_none() || answer["id"].is_null()));
}

#[test]
fn the_end_of_the_input_does_not_lose_a_write() {
    let data = tempfile::tempdir().unwrap();
    let lines: Vec<_> = (0..50).map(|id| numbered(id, new_ticket())).collect();
    let created = session(&mut local(data.path()), &lines);
    assert!(
        created.len() == 50 && created.iter().all(|answer| answer["result"]["isError"] == false),
        "{created:?}"
    );
    let list = call("list_recent_tickets", &json!({ "caller": "ada", "limit": 100 }));
    let listed = session(&mut local(data.path()), &[numbered(1, list)]);
    assert_eq!(of(&listed, 1)["result"]["structuredContent"]["tickets"].as_array().unwrap().len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_passed_on_to_a_host_that_runs() {
    let host = Running::start(&["--store", "memory"]).await;
    let passed_on = |key: &str, path: &str| {
        let mut command = portdesk(&[]);
        command.args(["mcp", "--url", &format!("{}{path}", host.url)]).env("PORTDESK_API_KEY", key);
        command
    };
    for path in ["", "/mcp/"] {
        let answers = session(&mut passed_on(KEY, path), &[numbered(1, modern(new_ticket()))]);
        assert_eq!(of(&answers, 1)["result"]["isError"], false, "{answers:?}");
    }
    assert_eq!(host.client().get("/tickets?caller=ada").await.json()["tickets"].as_array().unwrap().len(), 2);
    let refused = session(&mut passed_on("not-a-key-of-this-host", ""), &[numbered(1, new_ticket())]);
    assert!(of(&refused, 1)["error"]["message"].as_str().unwrap().starts_with("403 "), "{refused:?}");
    let url = host.url.clone();
    host.stop().await;
    let mut gone = portdesk(&[]);
    gone.args(["mcp", "--url", &url]).env("PORTDESK_API_KEY", KEY);
    let unreachable = session(&mut gone, &[numbered(1, new_ticket())]);
    assert!(
        of(&unreachable, 1)["error"]["message"].as_str().unwrap().contains("nothing was done"),
        "{unreachable:?}"
    );
}

#[test]
fn the_tools_can_be_printed_without_a_host() {
    let print = |flags: &[&str]| {
        let output = portdesk(&[]).args(["mcp", "tools"]).args(flags).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, printed, _) = print(&[]);
    assert_eq!((code, &printed), (Some(0), &print(&[]).1));
    let list: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(list["tools"].as_array().unwrap().len(), 5);
    let (_, named, _) = print(&["--mcp-tools", "create_ticket,get_ticket_status"]);
    assert_eq!(serde_json::from_str::<Value>(&named).unwrap()["tools"].as_array().unwrap().len(), 2);
    let (code, _, error) = print(&["--mcp-tools", "create_tickets"]);
    assert_eq!(code, Some(1));
    assert!(
        error.contains("--mcp-tools: there is no tool \"create_tickets\"; the tools are create_ticket, "),
        "{error}"
    );
}

#[test]
fn a_cancelled_call_has_no_answer_and_ends_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let cancelled = |id: u64| {
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } })
            .to_string()
    };
    let mut lines: Vec<_> = (0..20).map(|id| numbered(id, new_ticket())).collect();
    lines.push(numbered(100, call("list_recent_tickets", &json!({ "caller": "ada" }))));
    lines.push(cancelled(100));
    lines.push(r#"{"jsonrpc":"2.0","method":"notifications/initialized","params":null}"#.to_owned());
    let answers = session(&mut local(data.path()), &lines);
    assert!(answers.iter().all(|answer| answer["id"].is_number()), "{answers:?}");
    let written = answers.iter().filter(|answer| answer["id"].as_u64() < Some(20)).count();
    assert_eq!(written, 20, "{answers:?}");
}

#[test]
fn settings_of_the_host_are_refused_where_another_host_answers() {
    for flag in [&["--mcp-read-only"][..], &["--mcp-tools", "create_ticket"]] {
        let output = portdesk(&["mcp", "--url", "http://127.0.0.1:1"]).args(flag).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{flag:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("--mcp-read-only"), "{flag:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_watch_an_agent_over_standard_input_in_the_console() {
    let data = tempfile::tempdir().unwrap();
    let mut command = local(data.path());
    command.args(["--console", "127.0.0.1:0"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{}", numbered(1, new_ticket())).unwrap();
    let read = |file: &str| std::fs::read_to_string(data.path().join(file)).ok();
    until("the console is open", async || read("console.address").is_some()).await;
    let (address, token) = (read("console.address").unwrap(), read("console.token").unwrap());
    let url = format!("http://{address}/v1/calls");
    let calls = async || -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(&url).bearer_auth(&token).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    };
    until("the call has ended", async || calls().await["calls"][0]["state"] == "ended").await;
    let calls = calls().await;
    assert_eq!(
        (&calls["calls"][0]["operation"], &calls["calls"][0]["via"]),
        (&json!("create_ticket"), &json!("mcp"))
    );
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), output.stdout.iter().filter(|byte| **byte == b'\n').count()),
        (Some(0), 1),
        "{said}"
    );
    assert!(said.contains(&address) && !said.contains(&token), "{said}");
    assert_eq!(read("console.address"), None);
    let mut remote = portdesk(&["mcp", "--url", "http://127.0.0.1:9", "--console", "127.0.0.1:0"]);
    let refused = remote.env("PORTDESK_API_KEY", KEY).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && said.contains("--console"), "{said}");
}
