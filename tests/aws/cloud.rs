//! ministack: a server of the protocols of AWS that the template needs, in a process of its own, on 127.0.0.1.

use std::path::Path;
use std::process::Command;

use portdesk_test_support::Ministack;
use reqwest::{Method, Response};
use serde_json::Value;

use super::template;
use crate::harness::until;

/// An AWS of one test. The drop ends it.
pub struct Cloud {
    pub endpoint: String,
    http: reqwest::Client,
    _server: Ministack,
}

impl Cloud {
    pub fn start() -> Cloud {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let server = Ministack::start();
        Cloud { endpoint: server.endpoint.clone(), http, _server: server }
    }

    /// A request to a service. ministack finds the service in the signature, which it does not check.
    pub async fn send(
        &self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Response {
        let signature = format!(
            "AWS4-HMAC-SHA256 Credential=dummy/20261122/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=00"
        );
        let method: Method = method.parse().unwrap();
        let request =
            self.http.request(method, format!("{}{path}", self.endpoint)).header("authorization", signature);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(body).send().await.unwrap()
    }

    /// A call of a service whose protocol is JSON with the header `X-Amz-Target`.
    pub async fn call(&self, service: &str, target: &str, body: &Value) -> Value {
        let headers = [("x-amz-target", target), ("content-type", "application/x-amz-json-1.1")];
        let answer = self.send(service, "POST", "/", &headers, body.to_string().into_bytes()).await;
        succeeded(answer).await.parse().unwrap()
    }

    /// A call of CloudFormation. Returns XML.
    async fn stack_call(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        let fixed = [("Action", action), ("Version", "2010-05-15"), ("StackName", STACK)];
        let form: Vec<String> = fixed
            .iter()
            .chain(parameters)
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = self.send("cloudformation", "POST", "/", &headers, form.join("&").into_bytes()).await;
        succeeded(answer).await
    }

    /// Puts a package with this program into a bucket, and deploys the template of the desk.
    pub async fn deploy(&self, bootstrap: &Path) -> Stack<'_> {
        let package = package(bootstrap);
        succeeded(self.send("s3", "PUT", "/packages", &[], Vec::new()).await).await;
        succeeded(self.send("s3", "PUT", "/packages/portdesk.zip", &[], package).await).await;
        let stack = Stack { cloud: self, template: known(template("portdesk.yaml")) };
        stack.change("CreateStack", "CREATE_COMPLETE", "").await;
        stack
    }
}

/// A stack of the desk's template.
pub struct Stack<'a> {
    cloud: &'a Cloud,
    template: Value,
}

impl Stack<'_> {
    /// Gives the API key the value that this version of the secret has.
    pub async fn rotate(&self, key_version: &str) {
        self.change("UpdateStack", "UPDATE_COMPLETE", key_version).await;
    }

    async fn change(&self, action: &str, end: &str, key_version: &str) {
        let template = self.template.to_string();
        let given = [
            ("CodeBucket", "packages"),
            ("CodeKey", "portdesk.zip"),
            ("BudgetEmail", "ada@example.net"),
            ("KeyVersion", key_version),
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
        self.cloud.stack_call(action, &parameters).await;
        self.ended(end).await;
    }

    /// Waits until the stack changes no more.
    async fn ended(&self, end: &str) {
        until("the stack changes no more", async || {
            !self.described("StackStatus").await.ends_with("_IN_PROGRESS")
        })
        .await;
        let status = self.described("StackStatus").await;
        assert_eq!(status, end, "{}", self.cloud.stack_call("DescribeStackEvents", &[]).await);
    }

    /// The first element of this name in the description of the stack.
    async fn described(&self, element: &str) -> String {
        let described = self.cloud.stack_call("DescribeStacks", &[]).await;
        first(&described, element).to_owned()
    }

    /// An output of the template.
    pub async fn output(&self, key: &str) -> String {
        let described = self.cloud.stack_call("DescribeStacks", &[]).await;
        let (_, after) = described.split_once(&format!("<OutputKey>{key}</OutputKey>")).unwrap();
        first(after, "OutputValue").to_owned()
    }

    /// Deletes the stack, and waits until its name is unknown.
    pub async fn delete(self) {
        self.cloud.stack_call("DeleteStack", &[]).await;
        until("the stack is deleted", async || {
            let body = format!("Action=DescribeStacks&Version=2010-05-15&StackName={STACK}").into_bytes();
            let headers = [("content-type", "application/x-www-form-urlencoded")];
            !self.cloud.send("cloudformation", "POST", "/", &headers, body).await.status().is_success()
        })
        .await;
    }
}

/// The template without the types that ministack does not know. Nothing refers to them.
fn known(mut template: Value) -> Value {
    let resources = template["Resources"].as_object_mut().unwrap();
    resources.retain(|_, resource| resource["Type"] != "AWS::Budgets::Budget");
    template
}

/// A package as the function needs it: the program, with the right to be run.
fn package(bootstrap: &Path) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("package.zip");
    std::fs::copy(bootstrap, folder.path().join("bootstrap")).unwrap();
    let mut zip = Command::new("python3");
    zip.current_dir(folder.path()).args(["-m", "zipfile", "--create"]).arg(&file).arg("bootstrap");
    assert!(zip.status().unwrap().success());
    std::fs::read(file).unwrap()
}

async fn succeeded(answer: Response) -> String {
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{status}: {text}");
    text
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

pub const REGION: &str = "us-east-1";
const STACK: &str = "desk";
