//! The contract as other programs import it, judged by what those programs use.

use std::process::Command;

use serde_json::Value;

use crate::aws::AGENT_TOOLS;
use crate::harness::portdesk;

fn profile(name: &str) -> (tempfile::NamedTempFile, Value) {
    profile_of(name, &[])
}

/// The profile with these flags.
fn profile_of(name: &str, flags: &[&str]) -> (tempfile::NamedTempFile, Value) {
    let server = "https://desk.example.net/v1";
    let mut openapi = portdesk(&["openapi", "--profile", name, "--server", server]);
    let output = openapi.args(flags).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    std::fs::write(file.path(), &output.stdout).unwrap();
    (file, serde_json::from_slice(&output.stdout).unwrap())
}

/// Runs Python with the packages of the tests. Panics unless it succeeds.
pub fn python(arguments: &[&str]) -> String {
    let mut python = Command::new(portdesk_test_support::python());
    let output = python.args(arguments).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{python:?}: {printed}{}", String::from_utf8_lossy(&output.stderr));
    printed
}

fn names(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            found.push(name.clone());
            names(value, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}

#[test]
fn every_profile_is_a_valid_document_without_what_its_importers_refuse() {
    for (name, refused) in [
        (
            "agentcore",
            &[
                "security",
                "securitySchemes",
                "oneOf",
                "anyOf",
                "allOf",
                "nullable",
                "callbacks",
                "links",
                "examples",
            ][..],
        ),
        ("openapi-3.0.0", &["security", "securitySchemes", "oneOf", "anyOf", "allOf", "enum"]),
        ("swagger2", &["servers", "components", "content", "requestBody", "oneOf", "anyOf", "nullable"]),
    ] {
        let (file, document) = profile(name);
        python(&["-m", "openapi_spec_validator", &file.path().display().to_string()]);
        let mut found = Vec::new();
        names(&document, &mut found);
        let wrong = found.iter().find(|found| refused.contains(&found.as_str()) || found.starts_with("x-c"));
        assert_eq!(wrong, None, "{name}");
        let version = document.get("openapi").or_else(|| document.get("swagger")).unwrap();
        assert_eq!(
            version,
            match name {
                "agentcore" => "3.0.3",
                "openapi-3.0.0" => "3.0.0",
                _ => "2.0",
            }
        );
        let operations = document["paths"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|item| item.as_object().unwrap().values());
        for operation in operations {
            assert!(operation["operationId"].is_string());
            assert!(operation["description"].as_str().unwrap().chars().count() <= 300);
            for parameter in operation["parameters"].as_array().unwrap() {
                assert!(parameter["description"].as_str().is_none_or(|text| text.chars().count() <= 700));
            }
        }
    }
    assert_eq!(profile("swagger2").1["basePath"], "/v1");
    assert_eq!(profile("agentcore").1["servers"][0]["url"], "https://desk.example.net/v1");
}

/// The third profile is Swagger 2.0, which FastMCP does not read.
#[test]
fn fastmcp_makes_tools_of_the_profiles_for_gateways() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/mcp/from_openapi.py");
    let all = "add_ticket_comment create_ticket get_ticket_status list_recent_tickets update_ticket_status";
    for name in ["agentcore", "openapi-3.0.0"] {
        let (file, _) = profile(name);
        assert_eq!(python(&[script, &file.path().display().to_string()]).trim(), all, "{name}");
    }
}

/// These are the static tools of the target that asks the desk itself.
#[test]
fn a_gateway_makes_tools_of_the_operations_that_are_asked_for_alone() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/mcp/from_openapi.py");
    let (file, _) = profile_of("agentcore", &["--operations", AGENT_TOOLS]);
    let mut wanted: Vec<_> = AGENT_TOOLS.split(',').collect();
    wanted.sort_unstable();
    assert_eq!(python(&[script, &file.path().display().to_string()]).trim(), wanted.join(" "));
    python(&["-m", "openapi_spec_validator", &file.path().display().to_string()]);
}

#[test]
fn an_operation_that_is_not_in_the_contract_is_named() {
    let flags = ["openapi", "--profile", "agentcore", "--server", "https://desk.example.net"];
    let output = portdesk(&flags).args(["--operations", "create_ticket,make_ticket"]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("--operations: there is no operation \"make_ticket\""), "{error}");
    let whole = portdesk(&["openapi", "--operations", "create_ticket"]).output().unwrap();
    assert_eq!(whole.status.code(), Some(2), "the whole contract has all operations");
}

#[test]
fn a_profile_needs_the_address_of_a_server() {
    for server in
        ["desk.example.net", "ftp://desk.example.net", "https://user@desk.example.net", "https://a?b", ""]
    {
        let arguments = ["openapi", "--profile", "agentcore", "--server", server];
        let output = portdesk(&[]).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{server}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("--server"), "{server}");
    }
}
