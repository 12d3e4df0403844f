//! Agents: the operations as tools over MCP, judged by the protocol's own suite and used by the clients that agents have.
//!
//! - `clients`: the official conformance suite, the inspector, and a whole story in each client;
//! - `wire`: what one message is answered, over HTTP;
//! - `stdio`: the same over standard input and output;
//! - `hostile`: a component that misbehaves, and one with another contract;
//! - `profiles`: the contract as other programs import it.

mod clients;
mod hostile;
mod profiles;
mod stdio;
mod wire;

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::run;

/// Creates a plan and a key on it in a data folder. Returns the key.
fn key_on_plan(data: &Path, plan: &[&str]) -> String {
    let on = |arguments: &[&str]| {
        let output = run(&[arguments, &["--data-dir", data.to_str().unwrap()]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    on(&[&["plan", "create", "limited"], plan].concat());
    on(&["key", "create", "limited", "--plan", "limited"]).trim().to_owned()
}

/// A request of the protocol, without headers.
fn message(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

/// A call of a tool.
fn call(name: &str, arguments: &Value) -> Value {
    message("tools/call", &json!({ "name": name, "arguments": arguments }))
}

/// The text of a call's result.
fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {answer}"))
}
