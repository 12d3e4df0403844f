//! ministack: a server of the protocols of AWS that the template needs, in a process of its own, on 127.0.0.1.

use hyper::body::Bytes;
use portdesk_test_support::Ministack;
use reqwest::{Body, Method, Response};
use serde_json::Value;

use super::stack::Stack;

/// An AWS of one test. The drop ends it with its functions.
pub struct Cloud {
    http: reqwest::Client,
    server: Ministack,
}

impl Cloud {
    pub fn start() -> Cloud {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Cloud { http, server: Ministack::start() }
    }

    /// The URL of all services.
    pub fn endpoint(&self) -> &str {
        &self.server.endpoint
    }

    /// The processes of functions.
    pub fn functions(&self) -> Vec<u32> {
        self.server.functions()
    }

    /// A request to a service. ministack finds the service in the signature, which it does not check.
    pub async fn send(
        &self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Response {
        let signature = format!(
            "AWS4-HMAC-SHA256 Credential=dummy/20261122/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=00"
        );
        let method: Method = method.parse().unwrap();
        let request = self.http.request(method, format!("{}{path}", self.endpoint()));
        let request = request.header("authorization", signature);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(body).send().await.unwrap()
    }

    /// A call of a service whose protocol is JSON with the header `X-Amz-Target`.
    pub async fn call(&self, service: &str, target: &str, body: &Value) -> Value {
        let headers = [("x-amz-target", target), ("content-type", "application/x-amz-json-1.1")];
        let answer = self.send(service, "POST", "/", &headers, body.to_string()).await;
        succeeded(answer).await.parse().unwrap()
    }

    /// Puts a package into the bucket that the stack reads.
    pub async fn upload(&self, key: &str, package: Bytes) {
        succeeded(self.send("s3", "PUT", "/packages", &[], Bytes::new()).await).await;
        succeeded(self.send("s3", "PUT", &format!("/packages/{key}"), &[], package).await).await;
    }

    /// Deploys the template of the desk with a package.
    pub async fn deploy(&self, package: Bytes) -> Stack<'_> {
        self.upload("portdesk.zip", package).await;
        Stack::create(self).await
    }

    /// All that any log has, a line an event.
    pub async fn logs(&self) -> String {
        let groups =
            self.call("logs", "Logs_20140328.DescribeLogGroups", &Value::Object(<_>::default())).await;
        let mut text = String::new();
        for group in groups["logGroups"].as_array().unwrap() {
            let asked = serde_json::json!({ "logGroupName": group["logGroupName"] });
            let found = self.call("logs", "Logs_20140328.FilterLogEvents", &asked).await;
            assert_eq!(found.get("nextToken"), None, "one page has all");
            for event in found["events"].as_array().unwrap() {
                text.extend([event["message"].as_str().unwrap(), "\n"]);
            }
        }
        text
    }
}

/// The text of an answer that is a success.
pub async fn succeeded(answer: Response) -> String {
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{status}: {text}");
    text
}

pub const REGION: &str = "us-east-1";
