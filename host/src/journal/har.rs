//! Calls as an HTTP archive (HAR 1.2), which browsers and other programs open.
//!
//! <http://www.softwareishard.com/blog/har-12-spec/> defines the format. It has only what the journal has, so it has no
//! credentials either. The journal's own members are in `_portdesk`: names with an underscore are free for extensions.

use std::sync::Arc;

use data_encoding::BASE64;
use hyper::StatusCode;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::call::{Call, CallState, Summary};
use super::message::{Body, Header, Message};

/// Calls as an HTTP archive. It serializes as a HAR document. Open calls are left out.
pub struct Har<'a> {
    /// The calls.
    pub calls: &'a [Arc<Call>],
    /// What stands before each path, such as `http://127.0.0.1:8080`.
    pub base_url: &'a str,
}

impl Serialize for Har<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ended = self.calls.iter().filter(|call| call.state != CallState::Open);
        let entries = ended.map(|call| entry(call, self.base_url)).collect();
        let creator = Creator { name: "portdesk", version: env!("CARGO_PKG_VERSION") };
        Document { log: Log { version: "1.2", creator, entries } }.serialize(serializer)
    }
}

fn entry<'a>(call: &'a Call, base_url: &str) -> Entry<'a> {
    let milliseconds = to_milliseconds(call.duration_us.unwrap_or_default());
    Entry {
        started_date_time: call.at,
        time: milliseconds,
        request: request(call, base_url),
        response: response(call),
        cache: Empty {},
        timings: Timings { send: 0.0, wait: milliseconds, receive: 0.0 },
        portdesk: call.summary(),
    }
}

fn request<'a>(call: &'a Call, base_url: &str) -> Request<'a> {
    let (before, query) = if call.query.is_some() { ("?", call.query.as_deref()) } else { ("", None) };
    let body = &call.request.body;
    let post_data = (body.length() > 0).then(|| PostData {
        mime_type: call.request.header("content-type").unwrap_or_default(),
        // The format has only text here, and so bytes that are not UTF-8 are replaced.
        text: String::from_utf8_lossy(body.kept()).into_owned(),
        comment: comment(&call.request),
    });
    Request {
        method: &call.method,
        url: format!("{base_url}{}{before}{}", call.path, query.unwrap_or_default()),
        http_version: HTTP_VERSION,
        cookies: [],
        headers: &call.request.headers,
        query_string: query.map(parameters).unwrap_or_default(),
        post_data,
        headers_size: UNKNOWN,
        body_size: body.length(),
    }
}

/// A call without an answer has status 0, as browsers export it.
fn response(call: &Call) -> Response<'_> {
    let status = call.status.unwrap_or_default();
    let headers = call.answer.as_ref().map(|answer| answer.headers.as_slice()).unwrap_or_default();
    let header = |name| call.answer.as_ref().and_then(|answer| answer.header(name)).unwrap_or_default();
    let body = call.answer.as_ref().map(|answer| &answer.body);
    let text = body.and_then(|body| body.text());
    let encoded = body.filter(|_| text.is_none()).map(|body| BASE64.encode(body.kept()));
    let length = body.map_or(0, Body::length);
    Response {
        status,
        status_text: StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()).unwrap_or(""),
        http_version: HTTP_VERSION,
        cookies: [],
        headers,
        content: Content {
            size: length,
            mime_type: header("content-type"),
            encoding: encoded.is_some().then_some("base64"),
            text: text.map(str::to_owned).or(encoded),
            comment: call.answer.as_ref().and_then(comment),
        },
        redirect_url: header("location"),
        headers_size: UNKNOWN,
        body_size: length,
    }
}

fn comment(message: &Message) -> Option<&'static str> {
    message.body.is_truncated().then_some("The journal kept only the beginning of this body.")
}

fn parameters(query: &str) -> Vec<Parameter> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let parts = query.split('&').filter(|part| !part.is_empty());
    let parameters = parts.map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        Parameter { name: decoded(name), value: decoded(value) }
    });
    parameters.collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a call does not take the 285 years from which on this loses microseconds"
)]
fn to_milliseconds(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

/// The journal does not keep the version, and no program that reads archives needs it.
const HTTP_VERSION: &str = "HTTP/1.1";
/// The format's value for a size that is not known.
const UNKNOWN: i32 = -1;

#[derive(Serialize)]
struct Document<'a> {
    log: Log<'a>,
}

#[derive(Serialize)]
struct Log<'a> {
    version: &'static str,
    creator: Creator,
    entries: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Creator {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    started_date_time: Timestamp,
    time: f64,
    request: Request<'a>,
    response: Response<'a>,
    cache: Empty,
    timings: Timings,
    #[serde(rename = "_portdesk")]
    portdesk: Summary<'a>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Timings {
    send: f64,
    wait: f64,
    receive: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    method: &'a str,
    url: String,
    http_version: &'static str,
    cookies: [(); 0],
    headers: &'a [Header],
    query_string: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_data: Option<PostData<'a>>,
    headers_size: i32,
    body_size: usize,
}

#[derive(Serialize)]
struct Parameter {
    name: String,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostData<'a> {
    mime_type: &'a str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    status: u16,
    status_text: &'static str,
    http_version: &'static str,
    cookies: [(); 0],
    headers: &'a [Header],
    content: Content<'a>,
    #[serde(rename = "redirectURL")]
    redirect_url: &'a str,
    headers_size: i32,
    body_size: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    size: usize,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;
    use hyper::header::HeaderValue;
    use serde_json::{Value, json};

    use super::*;
    use crate::journal::tests::Told;
    use crate::journal::{Filter, Journal};

    #[test]
    fn a_har_has_what_programs_expect() {
        let journal = Journal::new(0);
        let mut headers = HeaderMap::new();
        headers.append("content-type", HeaderValue::from_static("application/json"));
        let told = Told { request: b"{\"a\":1}".to_vec(), answer: vec![0xff], headers, ..Told::default() };
        told.write(&journal);
        journal.abandon(told.begin(&journal));
        let _open = told.begin(&journal);
        let calls = journal.all_calls(&Filter::default());
        let har: Value =
            serde_json::to_value(Har { calls: &calls, base_url: "http://127.0.0.1:8080" }).unwrap();
        assert_eq!(har["log"]["version"], "1.2");
        let entries = har["log"]["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 2, "an open call is left out");
        let request = &entries[0]["request"];
        assert_eq!(request["url"], "http://127.0.0.1:8080/things?a=b%20c&d");
        assert_eq!(
            request["queryString"],
            json!([{"name": "a", "value": "b c"}, {"name": "d", "value": ""}])
        );
        assert_eq!(request["postData"], json!({"mimeType": "application/json", "text": "{\"a\":1}"}));
        assert_eq!(request["headers"], json!([{"name": "content-type", "value": "application/json"}]));
        let response = &entries[0]["response"];
        assert_eq!(response["status"], 200);
        assert_eq!(response["statusText"], "OK");
        assert_eq!(
            response["content"],
            json!({"size": 1, "mimeType": "application/json", "text": "/w==", "encoding": "base64"})
        );
        assert_eq!(entries[0]["_portdesk"]["client"], "bot");
        assert_eq!(entries[1]["response"]["status"], 0, "nobody answered");
        for member in ["startedDateTime", "time", "cache", "timings"] {
            assert!(!entries[0][member].is_null(), "{member}");
        }
    }
}
