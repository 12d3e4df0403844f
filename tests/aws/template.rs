//! The template of the desk: `deploy/aws/portdesk.yaml`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{assert_no_wildcard_is_allowed, objects, resources, template, yaml};
use crate::contract::Contract;
use crate::harness::{TABLE, Table, run};

fn desk() -> Value {
    template("portdesk.yaml")
}

/// The properties of the only resource of a type.
fn only<'a>(template: &'a Value, kind: &str) -> &'a Value {
    let [(_, found)] = *resources(template, kind).collect::<Vec<_>>() else { panic!("not one {kind}") };
    found
}

#[test]
fn the_function_may_do_what_the_policy_of_a_host_allows_and_write_its_log() {
    const ARN: &str = "arn:aws:dynamodb:eu-west-1:123456789012:table/tickets";
    let flags = ["--table", TABLE, "--region", "eu-west-1", "--account", "123456789012"];
    let printed = run(&[&["table", "policy"][..], &flags].concat()).stdout;
    let printed: Value = serde_json::from_slice(&printed).unwrap();
    let desk = desk();
    let role = &desk["Resources"]["FunctionRole"]["Properties"];
    let [policy] = role["Policies"].as_array().unwrap().as_slice() else { panic!("{role}") };
    assert_eq!(role.get("ManagedPolicyArns"), None);
    let resolved = policy["PolicyDocument"]["Statement"].to_string();
    let resolved = resolved.replace(r#"{"Fn::GetAtt":["Tickets","Arn"]}"#, &format!("\"{ARN}\""));
    let resolved = resolved.replace(
        r#"{"Fn::Sub":"${Tickets.Arn}/index/CallerIdIndex"}"#,
        &format!("\"{ARN}/index/CallerIdIndex\""),
    );
    let statements: Vec<Value> = serde_json::from_str(&resolved).unwrap();
    let [items, lists, log] = statements.as_slice() else { panic!("{statements:?}") };
    assert_eq!(json!([items, lists]), printed["Statement"]);
    assert_eq!(log["Action"], json!(["logs:CreateLogStream", "logs:PutLogEvents"]));
    assert_eq!(log["Resource"], json!({ "Fn::GetAtt": ["FunctionLogs", "Arn"] }));
}

/// `PORTDESK_LAMBDA_CLIENT` would let in events that name no key.
#[test]
fn the_function_is_told_where_its_table_is_and_nothing_else() {
    let desk = desk();
    let variables = &only(&desk, "AWS::Lambda::Function")["Environment"]["Variables"];
    assert_eq!(*variables, json!({ "TABLE_NAME": { "Ref": "Tickets" }, "REGION": { "Ref": "AWS::Region" } }));
}

#[test]
fn no_policy_allows_what_a_wildcard_names() {
    assert_no_wildcard_is_allowed(&desk());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_the_one_that_portdesk_creates() {
    let made = Table::create().await.call("DescribeTable", &json!({ "TableName": TABLE })).await;
    let (made, desk) = (&made["Table"], desk());
    let table = only(&desk, "AWS::DynamoDB::Table");
    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(table["KeySchema"], made["KeySchema"]);
    assert_eq!(sorted(&table["AttributeDefinitions"]), sorted(&made["AttributeDefinitions"]));
    let [index] = table["GlobalSecondaryIndexes"].as_array().unwrap().as_slice() else { panic!("{table}") };
    let [other] = made["GlobalSecondaryIndexes"].as_array().unwrap().as_slice() else { panic!("{made}") };
    assert_eq!(index["IndexName"], other["IndexName"]);
    assert_eq!(index["KeySchema"], other["KeySchema"]);
    let (shown, projected) = (&index["Projection"], &other["Projection"]);
    assert_eq!(shown["ProjectionType"], projected["ProjectionType"]);
    assert_eq!(sorted(&shown["NonKeyAttributes"]), sorted(&projected["NonKeyAttributes"]));
}

fn sorted(list: &Value) -> Vec<String> {
    let mut texts: Vec<_> = list.as_array().unwrap().iter().map(Value::to_string).collect();
    texts.sort();
    texts
}

/// The path of a resource of the API.
fn api_path(desk: &Value, id: &str) -> String {
    let resource = &desk["Resources"][id]["Properties"];
    let parent =
        resource["ParentId"]["Ref"].as_str().map(|parent| api_path(desk, parent)).unwrap_or_default();
    format!("{parent}/{}", resource["PathPart"].as_str().unwrap())
}

/// The methods of the API, by path and method.
fn methods(desk: &Value) -> BTreeMap<(String, String), &Value> {
    let all = resources(desk, "AWS::ApiGateway::Method").map(|(_, method)| {
        let path = api_path(desk, method["ResourceId"]["Ref"].as_str().unwrap());
        ((path, method["HttpMethod"].as_str().unwrap().to_owned()), method)
    });
    all.collect()
}

#[test]
fn the_methods_are_the_operations_of_the_contract_and_mcp() {
    let desk = desk();
    let found: Vec<_> = methods(&desk)
        .into_iter()
        .map(|((path, method), it)| (path, method, it["OperationName"].as_str().unwrap().to_owned()))
        .collect();
    let operations = Contract::of_this_tree().operations().iter();
    let mut wanted: Vec<_> =
        operations.map(|it| (it.path.clone(), it.method.clone(), it.id.clone())).collect();
    wanted.push(("/mcp".to_owned(), "POST".to_owned(), "mcp".to_owned()));
    wanted.sort();
    assert_eq!(found, wanted);
}

#[test]
fn every_method_needs_a_key_and_calls_the_function() {
    let desk = desk();
    let function = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations";
    for (name, method) in methods(&desk) {
        assert_eq!(method["ApiKeyRequired"], true, "{name:?}");
        assert_eq!(method["Integration"]["Type"], "AWS_PROXY", "{name:?}");
        assert_eq!(method["Integration"]["IntegrationHttpMethod"], "POST", "{name:?}");
        assert_eq!(method["Integration"]["Uri"]["Fn::Sub"], function, "{name:?}");
    }
}

#[test]
fn every_method_has_the_parameters_of_the_contract() {
    let desk = desk();
    let methods = methods(&desk);
    for operation in Contract::of_this_tree().operations() {
        let wanted = operation.parameters.iter().map(|parameter| {
            let place = if parameter.place == "query" { "querystring" } else { &parameter.place };
            (format!("method.request.{place}.{}", parameter.name), parameter.required.into())
        });
        let method = methods[&(operation.path.clone(), operation.method.clone())];
        assert_eq!(method["RequestParameters"], Value::Object(wanted.collect()), "{}", operation.id);
    }
}

#[test]
fn every_model_is_the_body_of_the_contract_without_texts_and_patterns() {
    let desk = desk();
    let contract = yaml(concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml").into());
    for ((path, method), found) in methods(&desk) {
        let body = &contract["paths"][&path][method.to_lowercase()]["requestBody"];
        let reference = body["content"]["application/json"]["schema"]["$ref"].as_str();
        let Some(reference) = reference else {
            assert_eq!(found.get("RequestModels"), None, "{method} {path}");
            continue;
        };
        let id = found["RequestModels"]["application/json"]["Ref"].as_str().unwrap();
        let model = &desk["Resources"][id]["Properties"];
        assert_eq!(model["Name"], reference.rsplit('/').next().unwrap());
        let mut wanted = plain(&contract, &json!({ "$ref": reference }));
        wanted["$schema"] = "http://json-schema.org/draft-04/schema#".into();
        assert_eq!(model["Schema"], wanted, "{id}");
    }
}

/// A schema of the contract with its references resolved, as a model repeats it.
fn plain(contract: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return plain(contract, contract.pointer(reference.trim_start_matches('#')).unwrap());
    }
    let Value::Object(members) = schema else { return schema.clone() };
    let kept = members
        .iter()
        .filter(|(name, value)| !(value.is_string() && ["description", "pattern"].contains(&name.as_str())));
    kept.map(|(name, value)| (name.clone(), plain(contract, value))).collect::<serde_json::Map<_, _>>().into()
}

/// What a deployment copies when it is made.
const SNAPSHOT: [&str; 5] = [
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::Model",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::GatewayResponse",
];

/// The logical id that the deployment must have.
fn deployment_id(desk: &Value) -> String {
    let copied: BTreeMap<_, _> = SNAPSHOT.iter().flat_map(|kind| resources(desk, kind)).collect();
    let digest = Sha256::digest(serde_json::to_vec(&copied).unwrap());
    let hex: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("Deployment{hex}")
}

/// CloudFormation makes a new deployment only if its name changes. Without one, a changed method is never live.
#[test]
fn the_deployment_has_the_name_of_what_it_copies() {
    let desk = desk();
    let [(id, _)] = *resources(&desk, "AWS::ApiGateway::Deployment").collect::<Vec<_>>() else {
        panic!("not one deployment")
    };
    let wanted = deployment_id(&desk);
    assert_eq!(id, wanted, "the API has changed: rename {id} to {wanted} in deploy/aws/portdesk.yaml");
    assert_eq!(only(&desk, "AWS::ApiGateway::Stage")["DeploymentId"]["Ref"], id);
}

#[test]
fn any_change_of_the_api_changes_the_name_of_the_deployment() {
    let desk = desk();
    for place in [
        "/CreateTicket/Properties/Integration/TimeoutInMillis",
        "/NewTicketModel/Properties/Schema/required/0",
        "/Failed/Properties/ResponseType",
        "/Api/Properties/BinaryMediaTypes",
        "/McpPath/Properties/PathPart",
    ] {
        let mut changed = desk.clone();
        *changed.pointer_mut(&format!("/Resources{place}")).unwrap() = "changed".into();
        assert_ne!(deployment_id(&changed), deployment_id(&desk), "{place}");
    }
}

/// Otherwise the deployment may be made before them, without them.
#[test]
fn the_deployment_is_made_after_every_method_and_answer() {
    let desk = desk();
    let id = deployment_id(&desk);
    let mut waits: Vec<_> =
        desk["Resources"][&id]["DependsOn"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let kinds = ["AWS::ApiGateway::GatewayResponse", "AWS::ApiGateway::Method"];
    let mut wanted: Vec<_> = kinds.iter().flat_map(|kind| resources(&desk, kind)).map(|(id, _)| id).collect();
    waits.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(waits, wanted);
}

/// The host answers 300 ms before the function's time ends, with the outcome of a write. API Gateway must wait for that answer.
#[test]
fn api_gateway_waits_longer_than_the_function_may_take() {
    let desk = desk();
    let function = only(&desk, "AWS::Lambda::Function")["Timeout"].as_u64().unwrap();
    for (name, method) in methods(&desk) {
        let waits = method["Integration"]["TimeoutInMillis"].as_u64().unwrap();
        assert!(waits > function * 1000, "{name:?}");
    }
}

#[test]
fn answers_of_api_gateway_fit_the_contract() {
    let desk = desk();
    let headers = [
        "x-amzn-requestid: 3f0c8a52-9d41-4e6b-b7f8-5a2e1c9d0b63",
        "x-amzn-errortype: SomeException",
        "content-type: application/json",
    ];
    let headers = headers
        .map(|header| header.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    for (id, answer) in resources(&desk, "AWS::ApiGateway::GatewayResponse") {
        let body = answer["ResponseTemplates"]["application/json"].as_str().unwrap();
        let body = body.replace("$context.error.messageString", "\"Limit Exceeded\"");
        // The kind without a status of its own has 500 among its statuses.
        let status = answer["StatusCode"].as_str().unwrap_or("500").parse().unwrap();
        let checked = Contract::of_this_tree().check("GET", "/tickets", status, &headers, body.as_bytes());
        checked.unwrap_or_else(|fault| panic!("{id}: {fault}"));
    }
}

#[test]
fn no_log_contains_a_key_and_every_log_ends() {
    let desk = desk();
    let format = only(&desk, "AWS::ApiGateway::Stage")["AccessLogSetting"]["Format"].as_str().unwrap();
    let format: Value = serde_json::from_str(format).unwrap();
    for variable in format.as_object().unwrap().values() {
        assert!(variable != "$context.identity.apiKey", "{format}");
    }
    for (id, group) in resources(&desk, "AWS::Logs::LogGroup") {
        assert_eq!(group["RetentionInDays"]["Ref"], "LogDays", "{id}");
    }
}

#[test]
fn every_skipped_check_has_a_reason() {
    for name in ["portdesk.yaml", "agentcore.yaml"] {
        for skip in objects(&template(name)).into_iter().filter_map(|members| members.get("skip")) {
            for skip in skip.as_array().unwrap() {
                assert!(skip["id"].as_str().unwrap().starts_with("CKV"), "{skip}");
                assert!(skip["comment"].as_str().unwrap().ends_with('.'), "{skip}");
            }
        }
    }
}
