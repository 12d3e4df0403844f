//! The template of the agent gateway: `deploy/aws/agentcore.yaml`.

use serde_json::{Value, json};

use super::{AGENT_TOOLS, assert_no_wildcard_is_allowed, template};
use crate::harness::run;

#[test]
fn no_policy_allows_what_a_wildcard_names() {
    assert_no_wildcard_is_allowed(&template("agentcore.yaml"));
}

#[test]
fn the_static_tools_are_those_of_the_desk() {
    let template = template("agentcore.yaml");
    let target = &template["Resources"]["Desk"]["Properties"]["TargetConfiguration"]["Mcp"]["Fn::If"];
    assert_eq!(target[0], "IsOpenApi");
    let listed = target[2]["McpServer"]["McpToolSchema"]["InlinePayload"].as_str().unwrap();
    let listed: Value = serde_json::from_str(listed).unwrap();
    let printed = run(&["mcp", "tools", "--mcp-tools", AGENT_TOOLS]).stdout;
    let printed: Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!(printed["tools"].as_array().unwrap().len(), 4);
    assert_eq!(listed, printed, "write this into deploy/aws/agentcore.yaml:\n{printed}");
}

/// The target that imports the contract gets the same tools, because the guide publishes these operations alone.
#[test]
fn the_guide_publishes_the_operations_of_the_static_tools() {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/aws.md")).unwrap();
    let publish = format!("--profile agentcore \\\n  --operations {AGENT_TOOLS}\n");
    assert!(guide.contains(&publish), "{publish}");
}

/// The key is in the secret alone.
#[test]
fn the_key_comes_from_the_secret() {
    let template = template("agentcore.yaml");
    let provider = &template["Resources"]["KeyProvider"]["Properties"];
    assert_eq!(provider["ApiKeySecretSource"], "EXTERNAL");
    assert_eq!(
        provider["ApiKeySecretConfig"],
        json!({ "SecretId": { "Ref": "KeySecretArn" }, "JsonKey": "apiKey" })
    );
    assert_eq!(provider.get("ApiKey"), None);
}
