//! `/v1/calls`: what the journal has, and requests that a person sends from the console.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Refusal;
use super::answer::{self, Answer};
use super::asked::{Asked, Query};
use super::explain;
use super::state::computed;
use crate::journal::{Event, Filter, Har, StatusFilter, Via};

/// Lists calls without their bodies, or all of them as an HTTP archive. `position` is what a stream of events resumes after.
pub(super) async fn list(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    let known = &["space", "after", "limit", "op", "status", "client", "via", "item", "format"];
    let query = asked.query(known)?;
    let filter = filter(asked, &query)?;
    let journal = asked.spaces.journal.clone();
    match query.text("format") {
        None | Some("json") => {
            computed(move || {
                // First, so that a reader that follows from here misses nothing.
                let position = journal.position();
                let calls: Vec<Event> = journal.calls(&filter).into_iter().map(Event::Call).collect();
                let marks = journal.marks(&filter);
                answer::json(StatusCode::OK, &json!({"position": position, "calls": calls, "marks": marks}))
            })
            .await
        }
        Some("har") => {
            computed(move || {
                let calls = journal.all_calls(&filter);
                answer::json(StatusCode::OK, &Har { calls: &calls, base_url: BASE_URL })
            })
            .await
        }
        Some(_) => Err(Refusal::Malformed("`format`: write json or har".to_owned())),
    }
}

/// One call with its bodies and its stations, why it failed, and how to send it again: as a command, and as headers.
pub(super) fn one(asked: &Asked<'_>, n: u64) -> Result<Answer, Refusal> {
    asked.query(&[])?;
    let call = asked.spaces.journal.call(n);
    let call = call
        .ok_or_else(|| Refusal::Missing(format!("the journal does not have a call {n}, or not any more")))?;
    let mut shown = json!(*call);
    if let Value::Object(members) = &mut shown {
        members.insert("why".to_owned(), explain::why(&call));
        members.insert("asked".to_owned(), explain::lines(&call.request, call.client.as_deref()).into());
        let answered = call.answer.as_ref().map(|answer| explain::lines(answer, None));
        members.insert("answered".to_owned(), answered.into());
        members.insert("curl".to_owned(), explain::curl(&call, &asked.about.url).into());
        members.insert(
            "again".to_owned(),
            explain::sent(&call)
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect::<Map<_, _>>()
                .into(),
        );
    }
    Ok(answer::json(StatusCode::OK, &shown))
}

fn filter(asked: &Asked<'_>, query: &Query<'_>) -> Result<Filter, Refusal> {
    let space = query.text("space").map(|name| asked.spaces.find(name)).transpose()?;
    Ok(Filter {
        space: space.map(|space| space.name.to_string()),
        after: query.parsed("after", "a number")?,
        limit: query.parsed("limit", "a number")?,
        operation: query.text("op").map(str::to_owned),
        status: query
            .parsed::<StatusFilter>("status", "a status such as 404, a class such as 4xx, or open")?,
        client: query.text("client").map(str::to_owned),
        via: query.word::<Via>("via")?,
        item: query.text("item").map(str::to_owned),
    })
}

/// A request to send.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    /// The name of the client that it is sent for.
    client: String,
    method: String,
    /// The path, with the query if there is one.
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The body as JSON.
    #[serde(default)]
    body: Option<Value>,
    /// The body as text, in place of JSON.
    #[serde(default)]
    text: Option<String>,
}

/// Performs a request in a space, as a client without a key and without limits of a plan.
pub(super) async fn perform(asked: Asked<'_>) -> Result<Answer, Refusal> {
    let pipeline = Arc::clone(asked.pipeline);
    let (space, sent) = asked.in_space::<Sent>().await?;
    let client = sent.client.clone();
    let answered = pipeline.perform_own(Via::Console, &space, &client, sent.request()?).await;
    let body = answered.map_or_else(|| json!({"status": null, "lost": true}), |answer| shown(&answer));
    Ok(answer::json(StatusCode::OK, &body))
}

impl Sent {
    fn request(self) -> Result<Request<Bytes>, Refusal> {
        let wrong = |member: &str| Refusal::Malformed(format!("`{member}`: it cannot be part of a request"));
        if !(1..=CLIENT_BYTES).contains(&self.client.len()) {
            return Err(Refusal::Malformed(format!("`client`: write a name of 1 to {CLIENT_BYTES} bytes")));
        }
        let method: Method = self.method.parse().map_err(|_| wrong("method"))?;
        let uri: Uri = self.path.parse().map_err(|_| wrong("path"))?;
        if !self.path.starts_with('/') || uri.authority().is_some() {
            return Err(wrong("path"));
        }
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        let body = match (self.body, self.text) {
            (Some(body), None) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                body.to_string()
            }
            (None, text) => text.unwrap_or_default(),
            (Some(_), Some(_)) => {
                return Err(Refusal::Malformed("`text`: there is a `body` already".to_owned()));
            }
        };
        for (name, value) in &self.headers {
            let name: HeaderName = name.parse().map_err(|_| wrong("headers"))?;
            headers.insert(name, value.parse().map_err(|_| wrong("headers"))?);
        }
        let mut request = Request::new(Bytes::from(body));
        (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (method, uri, headers);
        Ok(request)
    }
}

fn shown(answered: &Response<Bytes>) -> Value {
    let headers = answered.headers().iter();
    let headers =
        headers.map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]));
    json!({
        "status": answered.status().as_u16(),
        "headers": headers.collect::<Vec<_>>(),
        "text": String::from_utf8_lossy(answered.body()),
    })
}

/// The longest name of a client.
const CLIENT_BYTES: usize = 256;

/// What stands before each path in an HTTP archive. The journal does not know under which name a client reached the host.
const BASE_URL: &str = "http://localhost";

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(value: Value) -> Result<Request<Bytes>, Refusal> {
        serde_json::from_value::<Sent>(value).unwrap().request()
    }

    #[test]
    fn a_request_is_a_path_and_not_an_address() {
        let good = json!({"client": "ada", "method": "POST", "path": "/a?b=c", "headers": {"If-Match": "\"1\""}, "body": {"d": 1}});
        let request = sent(good).unwrap();
        assert_eq!((request.method(), request.uri().to_string().as_str()), (&Method::POST, "/a?b=c"));
        assert_eq!(request.headers()["if-match"], "\"1\"");
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(&request.body()[..], br#"{"d":1}"#);
        for (member, value) in [
            ("path", "http://other.test/a"),
            ("path", "a"),
            ("path", "*"),
            ("path", "//other.test/a b"),
            ("method", "GE T"),
        ] {
            let mut bad = json!({"client": "ada", "method": "GET", "path": "/a"});
            bad[member] = value.into();
            assert!(sent(bad).is_err(), "{member}: {value}");
        }
        let split = json!({"client": "ada", "method": "GET", "path": "/a", "headers": {"a": "b\r\nc: d"}});
        assert!(sent(split).is_err());
    }
}
