//! The template as ministack deploys it. What ministack does not have (the rules of TLS, the log of the API, point-in-time recovery,
//! the answers of the gateway) is checked in the text of the template.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::cloud::{Cloud, REGION, Stack};
use crate::harness::{portdesk, with_credentials};

/// A program that is never called.
fn uncalled() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    std::fs::write(&program, "#!/bin/sh\nexit 1\n").unwrap();
    (folder, program)
}

/// The status and the text of an answer of the API, to a list of tickets.
async fn listed(cloud: &Cloud, stack: &Stack<'_>, key: Option<&str>) -> (u16, String) {
    let url = stack.output("Url").await;
    let api = url.trim_start_matches("https://").split('.').next().unwrap();
    let path = format!("/restapis/{api}/poc/_user_request_/tickets?caller=ada");
    let headers: Vec<_> = key.map(|key| ("x-api-key", key)).into_iter().collect();
    let answer = cloud.send("execute-api", "GET", &path, &headers, Vec::new()).await;
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The key that the secret has.
async fn secret(cloud: &Cloud, stack: &Stack<'_>) -> String {
    let id = json!({ "SecretId": stack.output("KeySecretArn").await });
    let secret = cloud.call("secretsmanager", "secretsmanager.GetSecretValue", &id).await;
    let secret: Value = secret["SecretString"].as_str().unwrap().parse().unwrap();
    secret["apiKey"].as_str().unwrap().to_owned()
}

/// The value of the key of the API.
async fn key(cloud: &Cloud, stack: &Stack<'_>) -> String {
    let path = format!("/apikeys/{}?includeValue=true", stack.output("KeyId").await);
    let key: Value =
        cloud.send("apigateway", "GET", &path, &[], Vec::new()).await.text().await.unwrap().parse().unwrap();
    key["value"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_key_of_the_secret_opens_the_api() {
    let (_folder, program) = uncalled();
    let cloud = Cloud::start();
    let stack = cloud.deploy(&program).await;
    let secret = secret(&cloud, &stack).await;
    assert_eq!(secret.len(), 40);
    assert_eq!(key(&cloud, &stack).await, secret);
    for wrong in [None, Some("wrong-key-0123456789")] {
        let (status, text) = listed(&cloud, &stack, wrong).await;
        assert_eq!(status, 403, "{text}");
        let answer: Value = text.parse().unwrap();
        assert_eq!(answer["message"], "Forbidden");
        assert_eq!(answer["detail"], "Send a valid key in the header x-api-key, once.");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_has_the_new_value_and_the_old_value_is_refused() {
    let (_folder, program) = uncalled();
    let cloud = Cloud::start();
    let stack = cloud.deploy(&program).await;
    let old = key(&cloud, &stack).await;
    let new = "A".repeat(40);
    let text = json!({ "apiKey": new }).to_string();
    let value = json!({ "SecretId": stack.output("KeySecretArn").await, "SecretString": text });
    let put = cloud.call("secretsmanager", "secretsmanager.PutSecretValue", &value).await;
    stack.rotate(put["VersionId"].as_str().unwrap()).await;
    assert_eq!(key(&cloud, &stack).await, new);
    assert_eq!(listed(&cloud, &stack, Some(&old)).await.0, 403);
    // The function of this test cannot answer, but it is called.
    assert_eq!(listed(&cloud, &stack, Some(&new)).await.0, 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_fits_the_desk_and_outlives_the_stack_as_the_bucket_does() {
    let (_folder, program) = uncalled();
    let cloud = Cloud::start();
    let stack = cloud.deploy(&program).await;
    let (table, bucket) = (stack.output("TableName").await, stack.output("ContractBucket").await);
    let check = ["table", "check", "--table", &table, "--region", REGION, "--endpoint-url", &cloud.endpoint];
    let checked = with_credentials(portdesk(&check)).output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
    let url = stack.output("Url").await;
    stack.delete().await;
    let described = json!({ "TableName": table });
    let described = cloud.call("dynamodb", "DynamoDB_20120810.DescribeTable", &described).await;
    assert_eq!(described["Table"]["TableStatus"], "ACTIVE");
    assert_eq!(cloud.send("s3", "HEAD", &format!("/{bucket}"), &[], Vec::new()).await.status(), 200);
    let api = url.trim_start_matches("https://").split('.').next().unwrap();
    assert_eq!(
        cloud.send("apigateway", "GET", &format!("/restapis/{api}"), &[], Vec::new()).await.status(),
        404
    );
}
