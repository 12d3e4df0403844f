//! A stack of the desk's template on ministack.

use reqwest::Response;
use serde_json::{Value, json};

use super::cloud::{Cloud, succeeded};
use super::template;
use crate::harness::{Client, until};

/// A stack, and what its next change deploys.
pub struct Stack<'a> {
    cloud: &'a Cloud,
    pub template: Value,
    /// The key of the package in its bucket.
    pub code_key: &'static str,
    /// The version of the secret whose value the API key has. Empty until the key is rotated.
    pub key_version: String,
}

impl Stack<'_> {
    /// Deploys the package `portdesk.zip`.
    pub async fn create(cloud: &Cloud) -> Stack<'_> {
        let template = known(template("portdesk.yaml"));
        let stack = Stack { cloud, template, code_key: "portdesk.zip", key_version: String::new() };
        stack.change("CreateStack", "CREATE_COMPLETE").await;
        stack
    }

    /// Deploys the stack again, as it is now.
    pub async fn update(&self) {
        self.change("UpdateStack", "UPDATE_COMPLETE").await;
    }

    async fn change(&self, action: &str, end: &str) {
        let template = self.template.to_string();
        let given = [
            ("CodeBucket", "packages"),
            ("CodeKey", self.code_key),
            ("BudgetEmail", "ada@example.net"),
            ("KeyVersion", &self.key_version),
        ];
        let names: Vec<_> =
            (1..=given.len()).map(|number| format!("Parameters.member.{number}.Parameter")).collect();
        let parameters = names
            .iter()
            .zip(given)
            .flat_map(|(name, (key, value))| [(format!("{name}Key"), key), (format!("{name}Value"), value)]);
        let parameters: Vec<_> = parameters.collect();
        let mut parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        parameters.extend([("TemplateBody", template.as_str()), ("Capabilities.member.1", "CAPABILITY_IAM")]);
        self.must_call(action, &parameters).await;
        until("the stack changes no more", async || {
            !first(&self.described().await, "StackStatus").ends_with("_IN_PROGRESS")
        })
        .await;
        let described = self.described().await;
        let status = first(&described, "StackStatus");
        assert_eq!(status, end, "{}", self.must_call("DescribeStackEvents", &[]).await);
    }

    /// Tells the function where the services of this AWS are, and which client its events come from: an event of ministack does
    /// not have the id of the API key.
    pub async fn connect(&self) {
        let path = format!("/2015-03-31/functions/{}/configuration", self.output("FunctionName").await);
        let configured = self.cloud.send("lambda", "GET", &path, &[], "").await;
        let configured: Value = succeeded(configured).await.parse().unwrap();
        let mut environment = configured["Environment"].clone();
        environment["Variables"]["AWS_ENDPOINT_URL"] = self.cloud.endpoint().into();
        environment["Variables"]["PORTDESK_LAMBDA_CLIENT"] = "everybody".into();
        let json = [("content-type", "application/json")];
        let body = json!({ "Environment": environment }).to_string();
        succeeded(self.cloud.send("lambda", "PUT", &path, &json, body).await).await;
    }

    /// The key that the secret has.
    pub async fn secret(&self) -> String {
        let id = json!({ "SecretId": self.output("KeySecretArn").await });
        let secret = self.cloud.call("secretsmanager", "secretsmanager.GetSecretValue", &id).await;
        let secret: Value = secret["SecretString"].as_str().unwrap().parse().unwrap();
        secret["apiKey"].as_str().unwrap().to_owned()
    }

    /// The value of the key of the API.
    pub async fn key(&self) -> String {
        let path = format!("/apikeys/{}?includeValue=true", self.output("KeyId").await);
        let key: Value =
            succeeded(self.cloud.send("apigateway", "GET", &path, &[], "").await).await.parse().unwrap();
        key["value"].as_str().unwrap().to_owned()
    }

    /// The id of the API.
    pub async fn api(&self) -> String {
        let url = self.output("Url").await;
        url.trim_start_matches("https://").split('.').next().unwrap().to_owned()
    }

    /// A client of the API, which checks each answer against the contract.
    pub async fn client(&self, key: &str) -> Client {
        Client::new(&format!("{}{}", self.cloud.endpoint(), self.stage().await), Some(key))
    }

    /// The status and the text of an answer of the API.
    pub async fn asked(&self, method: &str, path: &str, key: Option<&str>) -> (u16, String) {
        let path = format!("{}{path}", self.stage().await);
        let headers: Vec<_> = key.map(|key| ("x-api-key", key)).into_iter().collect();
        let answer = self.cloud.send("execute-api", method, &path, &headers, "").await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Where ministack has the stage of the API.
    async fn stage(&self) -> String {
        format!("/restapis/{}/poc/_user_request_", self.api().await)
    }

    /// An output of the template.
    pub async fn output(&self, key: &str) -> String {
        let described = self.described().await;
        let (_, after) = described.split_once(&format!("<OutputKey>{key}</OutputKey>")).unwrap();
        first(after, "OutputValue").to_owned()
    }

    /// Deletes the stack, and waits until its name is unknown.
    pub async fn delete(self) {
        self.must_call("DeleteStack", &[]).await;
        until("the stack is deleted", async || !self.call("DescribeStacks", &[]).await.status().is_success())
            .await;
    }

    async fn described(&self) -> String {
        self.must_call("DescribeStacks", &[]).await
    }

    /// A call of CloudFormation that succeeds. Returns XML.
    async fn must_call(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        succeeded(self.call(action, parameters).await).await
    }

    async fn call(&self, action: &str, parameters: &[(&str, &str)]) -> Response {
        let fixed = [("Action", action), ("Version", "2010-05-15"), ("StackName", "desk")];
        let form: Vec<String> = fixed
            .iter()
            .chain(parameters)
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.cloud.send("cloudformation", "POST", "/", &headers, form.join("&")).await
    }
}

/// The template without the types that ministack does not know. Nothing refers to them.
fn known(mut template: Value) -> Value {
    let resources = template["Resources"].as_object_mut().unwrap();
    resources.retain(|_, resource| resource["Type"] != "AWS::Budgets::Budget");
    template
}

/// The text of the first element of this name.
fn first<'a>(xml: &'a str, element: &str) -> &'a str {
    let (_, after) = xml.split_once(&format!("<{element}>")).unwrap_or_else(|| panic!("no {element}: {xml}"));
    after.split_once("</").unwrap().0
}

/// A value of a form: every byte is escaped that is not a letter or a digit.
fn encoded(text: &str) -> String {
    let escaped = |byte: u8| {
        if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(escaped).collect()
}
