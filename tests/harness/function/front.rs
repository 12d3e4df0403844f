//! What stands before a function and makes its events: a REST API, an HTTP API or a function URL. The members are those of the
//! examples in the guides of API Gateway ("Lambda proxy integrations") and Lambda ("Function URL invocation payloads").

use std::collections::{BTreeMap, HashMap};

use data_encoding::BASE64;
use http_body_util::Full;
use hyper::header::{COOKIE, HeaderValue};
use hyper::{HeaderMap, Method, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::faults::Answer;
use crate::harness::KEY;

/// What makes the events of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// A REST API whose binary media types are `*/*`. It has checked the key.
    RestApi,
    /// An HTTP API with the stage `$default`. It decodes paths.
    HttpApi,
    /// A function URL.
    FunctionUrl,
}

impl Front {
    /// The event of a request.
    pub fn event(self, method: &Method, target: &str, headers: &HeaderMap, body: &[u8], id: &str) -> Value {
        match self {
            Front::RestApi => event(method, target, headers, body, id),
            Front::HttpApi | Front::FunctionUrl => event_of_format_2(self, method, target, headers, body, id),
        }
    }

    /// The answer that it makes of the response of a function. Panics if the response has other members than it reads.
    pub fn answer(self, response: &Value) -> Answer {
        let (members, headers) = match self {
            Front::RestApi => (REST_MEMBERS, multiple(&response["multiValueHeaders"])),
            Front::HttpApi | Front::FunctionUrl => (HTTP_MEMBERS, single(response)),
        };
        let found: Vec<_> = response.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(found, members, "{self:?}");
        let body = response["body"].as_str().unwrap();
        let body = if response["isBase64Encoded"] == true {
            BASE64.decode(body.as_bytes()).unwrap()
        } else {
            body.as_bytes().to_vec()
        };
        let status = u16::try_from(response["statusCode"].as_u64().unwrap()).unwrap();
        let answer = Response::builder().status(status);
        let answer = headers.into_iter().fold(answer, |answer, (name, value)| answer.header(name, value));
        answer.body(Full::new(body.into())).unwrap()
    }
}

/// The members of a response of payload format 1.0, by name.
const REST_MEMBERS: &[&str] = &["body", "isBase64Encoded", "multiValueHeaders", "statusCode"];
/// The same of format 2.0.
const HTTP_MEMBERS: &[&str] = &["body", "cookies", "headers", "isBase64Encoded", "statusCode"];

fn multiple(headers: &Value) -> Vec<(String, String)> {
    let headers = headers.as_object().unwrap().iter();
    let each = headers.flat_map(|(name, values)| {
        values.as_array().unwrap().iter().map(|value| (name.clone(), value.as_str().unwrap().to_owned()))
    });
    each.collect()
}

fn single(response: &Value) -> Vec<(String, String)> {
    let headers = response["headers"].as_object().unwrap().iter();
    let headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    let cookies = response["cookies"].as_array().unwrap().iter();
    let cookies = cookies.map(|cookie| ("set-cookie".to_owned(), cookie.as_str().unwrap().to_owned()));
    headers.chain(cookies).collect()
}

/// An event as a REST API makes it: payload format 1.0.
pub fn event(method: &Method, target: &str, headers: &HeaderMap, body: &[u8], id: &str) -> Value {
    let url = reqwest::Url::parse("http://gateway").unwrap().join(target).unwrap();
    let mut query: HashMap<String, Vec<String>> = HashMap::new();
    for (name, value) in url.query_pairs() {
        query.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    let all = headers
        .keys()
        .map(|name| (name.as_str(), headers.get_all(name).iter().map(text).collect::<Vec<_>>()));
    let all: HashMap<_, _> = all.collect();
    json!({
        "httpMethod": method.as_str(),
        "path": target.split('?').next(),
        "multiValueHeaders": all,
        "headers": {"x-api-key": KEY},
        "multiValueQueryStringParameters": (!query.is_empty()).then_some(query),
        "requestContext": {
            "requestId": id,
            "domainName": "gateway",
            "identity": {"apiKeyId": "key-of-the-gateway", "apiKey": KEY},
        },
        "body": (!body.is_empty()).then(|| BASE64.encode(body)),
        "isBase64Encoded": !body.is_empty(),
    })
}

/// An event of payload format 2.0: repeated headers are joined, cookies stand apart, and text is not encoded.
fn event_of_format_2(
    front: Front,
    method: &Method,
    target: &str,
    headers: &HeaderMap,
    body: &[u8],
    id: &str,
) -> Value {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, domain) = if front == Front::HttpApi {
        let decoded = percent_decode_str(path).decode_utf8_lossy().into_owned();
        (decoded, "id.execute-api.us-east-1.amazonaws.com")
    } else {
        (path.to_owned(), "id.lambda-url.us-east-1.on.aws")
    };
    let values = |name| headers.get_all(name).iter().map(text).collect::<Vec<_>>();
    let names = headers.keys().filter(|name| *name != COOKIE);
    let joined: BTreeMap<_, _> = names.map(|name| (name.as_str(), values(name).join(","))).collect();
    let cookies: Vec<_> =
        values(&COOKIE).iter().flat_map(|line| line.split("; ")).map(str::to_owned).collect();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": joined,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "id",
            "domainName": domain,
            "domainPrefix": "id",
            "http": {"method": method.as_str(), "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "requestId": id,
            "routeKey": "$default",
            "stage": "$default",
        },
        "isBase64Encoded": false,
    });
    if !cookies.is_empty() {
        event["cookies"] = cookies.into();
    }
    if !body.is_empty() {
        let is_text = str::from_utf8(body).is_ok();
        event["isBase64Encoded"] = (!is_text).into();
        event["body"] = str::from_utf8(body).map_or_else(|_| BASE64.encode(body), str::to_owned).into();
    }
    event
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}
