//! The template as ministack deploys it. What ministack does not have (the rules of TLS, the log of the API, point-in-time recovery)
//! is checked in the text of the template.

use serde_json::{Value, json};

use super::cloud::{Cloud, REGION};
use super::package;
use crate::harness::{portdesk, with_credentials};

const LIST: &str = "/tickets?caller=ada";

#[tokio::test(flavor = "multi_thread")]
async fn only_the_key_of_the_secret_opens_the_api() {
    let cloud = Cloud::start();
    let stack = cloud.deploy(package::uncalled()).await;
    let secret = stack.secret().await;
    assert_eq!(secret.len(), 40);
    assert_eq!(stack.key().await, secret);
    for (method, path) in [("GET", LIST), ("POST", "/tickets"), ("POST", "/mcp")] {
        for wrong in [None, Some("wrong-key-0123456789")] {
            let (status, text) = stack.asked(method, path, wrong).await;
            assert_eq!(status, 403, "{method} {path}: {text}");
            let answer: Value = text.parse().unwrap();
            assert_eq!(answer["message"], "Forbidden");
            assert_eq!(answer["detail"], "Send a valid key in the header x-api-key, once.");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_has_the_new_value_and_the_old_value_is_refused() {
    let cloud = Cloud::start();
    let mut stack = cloud.deploy(package::uncalled()).await;
    let old = stack.key().await;
    let new = "A".repeat(40);
    let text = json!({ "apiKey": new }).to_string();
    let value = json!({ "SecretId": stack.output("KeySecretArn").await, "SecretString": text });
    let put = cloud.call("secretsmanager", "secretsmanager.PutSecretValue", &value).await;
    put["VersionId"].as_str().unwrap().clone_into(&mut stack.key_version);
    stack.update().await;
    assert_eq!(stack.key().await, new);
    assert_eq!(stack.asked("GET", LIST, Some(&old)).await.0, 403);
    // The function of this test cannot answer, but it is called.
    assert_eq!(stack.asked("GET", LIST, Some(&new)).await.0, 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_fits_the_desk_and_outlives_the_stack_as_the_bucket_does() {
    let cloud = Cloud::start();
    let stack = cloud.deploy(package::uncalled()).await;
    let (table, bucket) = (stack.output("TableName").await, stack.output("ContractBucket").await);
    let check = ["table", "check", "--table", &table, "--region", REGION, "--endpoint-url", cloud.endpoint()];
    let checked = with_credentials(portdesk(&check)).output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
    let api = stack.api().await;
    stack.delete().await;
    let described = json!({ "TableName": table });
    let described = cloud.call("dynamodb", "DynamoDB_20120810.DescribeTable", &described).await;
    assert_eq!(described["Table"]["TableStatus"], "ACTIVE");
    assert_eq!(cloud.send("s3", "HEAD", &format!("/{bucket}"), &[], "").await.status(), 200);
    assert_eq!(cloud.send("apigateway", "GET", &format!("/restapis/{api}"), &[], "").await.status(), 404);
}
