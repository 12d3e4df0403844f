//! A client as an application has one. It panics if an answer breaks the contract.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::contract::Contract;

/// A client of one host.
#[derive(Clone)]
pub struct Client {
    url: String,
    key: Option<String>,
    /// Whether the server may refuse a request because all its instances are busy. The client then repeats the request.
    asks_again: bool,
    http: reqwest::Client,
}

/// An answer that keeps the contract.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Client {
    pub fn new(url: &str, key: Option<&str>) -> Client {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Client { url: url.to_owned(), key: key.map(str::to_owned), asks_again: false, http }
    }

    /// A client of a platform that checks no key, and that refuses requests while its only instance is busy.
    pub fn of_platform(url: &str) -> Client {
        Client { asks_again: true, ..Client::new(url, None) }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], Some(body)).await
    }

    /// Creates a ticket.
    pub async fn create(&self, caller: &str, description: &str) -> Value {
        let body = json!({ "caller_id": caller, "issue_description": description });
        self.post("/tickets", &body).await.expect(201).json()
    }

    /// Sends a request with these headers, and with a JSON body if there is one.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let answer = self.try_send(method, path, headers, body).await;
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// As `send`, but a lost answer is an error.
    pub async fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> reqwest::Result<Answer> {
        let Some(body) = body else { return self.try_send_bytes(method, path, headers, b"").await };
        let json = [("content-type", "application/json")];
        let headers: Vec<_> = headers.iter().chain(&json).copied().collect();
        self.try_send_bytes(method, path, &headers, body.to_string().as_bytes()).await
    }

    /// A request with the key, for a test that adds to it and sends it by `answered`.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let name: Method = method.parse().unwrap();
        let request = self.http.request(name, format!("{}{path}", self.url));
        match &self.key {
            Some(key) => request.header("x-api-key", key),
            None => request,
        }
    }

    /// Sends a request and does not check the answer against the contract. An answer without a request id comes from a
    /// platform that had no free instance.
    pub async fn answered(&self, request: reqwest::RequestBuilder) -> reqwest::Result<reqwest::Response> {
        let begun = Instant::now();
        loop {
            let again = request.try_clone().expect("the body is whole");
            let response = again.send().await?;
            let is_answer = response.headers().contains_key("x-amzn-requestid");
            if is_answer || !self.asks_again || begun.elapsed() > LONGEST_REFUSAL {
                return Ok(response);
            }
        }
    }

    /// Sends a request with any bytes as its body.
    pub async fn try_send_bytes(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> reqwest::Result<Answer> {
        let request = self.request(method, path).body(body.to_vec());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = self.answered(request).await?;
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        let headers = headers.collect();
        let answer = Answer { status, headers, body: response.bytes().await?.to_vec() };
        answer.assert_kept(method, path);
        Ok(answer)
    }
}

impl Answer {
    /// Panics if the answer breaks the contract.
    fn assert_kept(&self, method: &str, path: &str) {
        let contract = Contract::of_this_tree();
        if let Err(doubt) = contract.check(method, path, self.status, &self.headers, &self.body) {
            panic!("{method} {path} -> {}: {doubt}\n{}", self.status, self.text());
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The value of a header. Panics if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.find_header(name).unwrap_or_else(|| panic!("no header {name} in {self:?}"))
    }

    pub fn find_header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.as_str())
    }

    /// Panics unless the answer has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// The path of a ticket.
pub fn path(ticket: &Value) -> String {
    format!("/tickets/{}", ticket["ticket_id"].as_str().unwrap())
}

/// The path of the comments of a ticket.
pub fn comments_path(ticket: &Value) -> String {
    format!("{}/comments", path(ticket))
}

/// How long the client repeats a request that a busy platform refuses.
const LONGEST_REFUSAL: Duration = Duration::from_secs(60);
