//! The templates for AWS.
//!
//! - `template`: what the template repeats of the contract, of the table and of the host, and rules of its own;
//! - `agents`: the same for the template of the agent gateway;
//! - `lint`: the judgements of cfn-lint and checkov;
//! - `ministack`: a stack of the template on a server of AWS's protocols;
//! - `function`: the real package in such a stack;
//! - `cloud`, `stack`, `package`: that server, a stack on it, and what it deploys.

mod agents;
mod cloud;
mod function;
mod lint;
mod ministack;
mod package;
mod stack;
mod template;

use std::path::PathBuf;

use serde_json::{Map, Value};

/// The tools that agents get behind both kinds of targets of the agent gateway.
pub const AGENT_TOOLS: &str = "create_ticket,get_ticket_status,add_ticket_comment,list_recent_tickets";

/// The path of a template.
fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy/aws").join(name)
}

/// A template as a JSON document.
fn template(name: &str) -> Value {
    yaml(path(name))
}

fn yaml(path: PathBuf) -> Value {
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The resources of a type: logical id and properties.
fn resources<'a>(template: &'a Value, kind: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let all = template["Resources"].as_object().unwrap().iter();
    all.filter(move |(_, resource)| resource["Type"] == kind).map(|(id, it)| (id.as_str(), &it["Properties"]))
}

/// Every object within a value, the value included.
fn objects(value: &Value) -> Vec<&Map<String, Value>> {
    let mut found: Vec<_> = value.as_object().into_iter().collect();
    match value {
        Value::Object(members) => found.extend(members.values().flat_map(objects)),
        Value::Array(elements) => found.extend(elements.iter().flat_map(objects)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found
}

/// Panics if a statement of a policy in a template allows something that a wildcard names.
fn assert_no_wildcard_is_allowed(template: &Value) {
    let mut statements = objects(&template["Resources"]);
    statements.retain(|statement| statement.get("Effect").is_some_and(|effect| effect == "Allow"));
    assert!(!statements.is_empty());
    for statement in statements {
        for part in ["Action", "Principal", "Resource"] {
            let text = statement.get(part).map(Value::to_string).unwrap_or_default();
            assert!(!text.contains('*'), "{part} of {statement:?}");
        }
        assert!(!statement.keys().any(|part| part.starts_with("Not")), "{statement:?}");
    }
}
