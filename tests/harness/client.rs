//! A client as an application would write it, which refuses answers that the contract does not know.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use crate::contract::Contract;

/// A client of one host.
#[derive(Clone)]
pub struct Client {
    url: String,
    key: Option<String>,
    /// Whether the server may refuse a request for want of an instance, without having asked the component.
    asks_again: bool,
    http: reqwest::Client,
}

/// An answer that kept to the contract.
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

    /// A client of a platform that checks no key, and that refuses what comes while its one instance works.
    pub fn of_platform(url: &str) -> Client {
        Client { asks_again: true, ..Client::new(url, None) }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], Some(body)).await
    }

    /// Sends a JSON body, where there is one, with headers of the caller's choice.
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

    /// As `send`; an error where no whole answer came.
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

    /// A request with the key, for what a test makes of it and gives to `answered`.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let name: Method = method.parse().unwrap();
        let request = self.http.request(name, format!("{}{path}", self.url));
        match &self.key {
            Some(key) => request.header("x-api-key", key),
            None => request,
        }
    }

    /// The answer to a request; it is not held against the contract. An answer without a request id is none of the
    /// component: a platform that had no instance gave it.
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

    /// Sends any bytes under any content type.
    pub async fn try_send_bytes(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> reqwest::Result<Answer> {
        let name: Method = method.parse().unwrap();
        let mut request = self.http.request(name, format!("{}{path}", self.url));
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.answered(request.body(body.to_vec())).await?;
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
    /// Panics where the contract does not know this answer.
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

    /// The header of this name; panics where there is none.
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

/// How long a platform may refuse before its refusal is the answer.
const LONGEST_REFUSAL: Duration = Duration::from_secs(60);
