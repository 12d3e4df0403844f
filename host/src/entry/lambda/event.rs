//! Reads an event: a request as API Gateway and function URLs pass it to a function.
//!
//! A REST API sends payload format 1.0: the path as the client sent it, and the query decoded. An HTTP API and a function URL send
//! format 2.0: the query as the client sent it, repeated headers joined, and cookies apart. An HTTP API decodes the path.

use std::borrow::Cow;

use data_encoding::BASE64;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{COOKIE, HOST, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, Uri};
use indexmap::IndexMap;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::door::TrustedClient;

/// A request, and what its answer needs.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) request: Request<Full<Bytes>>,
    pub(super) front: Front,
    /// The id of the request at the gateway.
    pub(super) request_id: Option<String>,
}

/// What made the event, which decides about the form of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Front {
    /// A REST API (format 1.0).
    RestApi,
    /// An HTTP API or a function URL (format 2.0).
    HttpApi,
}

/// Why an event is not a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// It is not JSON, or neither a gateway nor a function URL made it.
    #[error(
        "the event is not a request of API Gateway or of a function URL; invoke the function through a gateway"
    )]
    Unknown,
    /// This member is not valid.
    #[error("the event has an invalid {0}")]
    Invalid(&'static str),
}

impl EventError {
    /// The kind of the error for Lambda.
    pub(super) fn kind(self) -> &'static str {
        match self {
            EventError::Unknown => "Portdesk.UnknownEvent",
            EventError::Invalid(_) => "Portdesk.InvalidEvent",
        }
    }
}

impl Event {
    /// Reads an event. `client` is the client of an event without the id of an API key.
    pub(super) fn read(event: &[u8], client: Option<&str>) -> Result<Event, EventError> {
        let shape: Shape = serde_json::from_slice(event).map_err(|_| EventError::Unknown)?;
        let (parts, front) = match shape {
            Shape { http_method: Some(_), .. } => (rest(event)?, Front::RestApi),
            Shape { version: Some(version), .. } if version == "2.0" => (http(event)?, Front::HttpApi),
            Shape { .. } => return Err(EventError::Unknown),
        };
        let Parts { method, target, mut headers, body, host, client_id, request_id } = parts;
        // The gateway has checked the key, and the host need not see it.
        headers.remove("x-api-key");
        if !headers.contains_key(HOST) {
            let host = host.as_deref().unwrap_or("lambda");
            headers
                .insert(HOST, HeaderValue::from_str(host).map_err(|_| EventError::Invalid("domain name"))?);
        }
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = target;
        *request.headers_mut() = headers;
        if let Some(client) = client_id.as_deref().or(client) {
            request.extensions_mut().insert(TrustedClient::new(client));
        }
        Ok(Event { request, front, request_id })
    }
}

struct Parts {
    method: Method,
    target: Uri,
    headers: HeaderMap,
    body: Bytes,
    host: Option<String>,
    client_id: Option<String>,
    request_id: Option<String>,
}

/// The members that tell the formats apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape<'a> {
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    http_method: Option<Cow<'a, str>>,
}

/// Format 1.0 ("Input format of a Lambda function for proxy integration").
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RestEvent<'a> {
    http_method: String,
    path: String,
    multi_value_query_string_parameters: Option<IndexMap<String, Vec<String>>>,
    query_string_parameters: Option<IndexMap<String, String>>,
    multi_value_headers: Option<IndexMap<String, Vec<String>>>,
    headers: Option<IndexMap<String, String>>,
    #[serde(borrow)]
    body: Option<Cow<'a, str>>,
    #[serde(default)]
    is_base64_encoded: bool,
    #[serde(default)]
    request_context: RestContext,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct RestContext {
    request_id: Option<String>,
    domain_name: Option<String>,
    #[serde(default)]
    identity: Identity,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Identity {
    api_key_id: Option<String>,
}

/// Format 2.0 ("Payload format version").
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpEvent<'a> {
    raw_path: String,
    raw_query_string: Option<String>,
    headers: Option<IndexMap<String, String>>,
    /// The cookies of the request, which are not among the headers.
    cookies: Option<Vec<String>>,
    #[serde(borrow)]
    body: Option<Cow<'a, str>>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: HttpContext,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpContext {
    request_id: Option<String>,
    domain_name: Option<String>,
    stage: Option<String>,
    http: HttpRequest,
}

#[derive(Deserialize)]
struct HttpRequest {
    method: String,
}

fn rest(event: &[u8]) -> Result<Parts, EventError> {
    let event: RestEvent<'_> = serde_json::from_slice(event).map_err(|_| EventError::Unknown)?;
    let query = match (event.multi_value_query_string_parameters, event.query_string_parameters) {
        (Some(query), _) => query_string(
            query
                .iter()
                .flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value.as_str()))),
        ),
        (None, Some(query)) => {
            query_string(query.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        }
        (None, None) => String::new(),
    };
    let headers = match (event.multi_value_headers, event.headers) {
        (Some(headers), _) => headers_of(
            headers
                .iter()
                .flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value.as_str()))),
        ),
        (None, headers) => single_headers(headers.as_ref()),
    }?;
    let RestContext { request_id, domain_name, identity } = event.request_context;
    Ok(Parts {
        method: method(&event.http_method)?,
        target: target(&event.path, OUTSIDE_OF_PATHS, &query)?,
        headers,
        body: body(event.body, event.is_base64_encoded)?,
        host: domain_name,
        client_id: identity.api_key_id,
        request_id,
    })
}

fn http(event: &[u8]) -> Result<Parts, EventError> {
    let event: HttpEvent<'_> = serde_json::from_slice(event).map_err(|_| EventError::Unknown)?;
    let HttpContext { request_id, domain_name, stage, http } = event.request_context;
    // A function URL passes the path as the client sent it.
    let is_encoded = domain_name.as_deref().is_some_and(|name| name.contains(".lambda-url."));
    let outside = if is_encoded { OUTSIDE_OF_PATHS } else { OUTSIDE_OF_DECODED_PATHS };
    // The path of an HTTP API begins with the stage, if the stage has a name.
    let prefix = stage.map(|stage| format!("/{stage}"));
    let without = prefix.as_deref().and_then(|prefix| event.raw_path.strip_prefix(prefix));
    let path = without.filter(|path| path.starts_with('/')).unwrap_or(&event.raw_path);
    let mut headers = single_headers(event.headers.as_ref())?;
    if let Some(cookies) = event.cookies.filter(|cookies| !cookies.is_empty()) {
        let joined = HeaderValue::from_bytes(cookies.join("; ").as_bytes());
        headers.insert(COOKIE, joined.map_err(|_| EventError::Invalid("cookie"))?);
    }
    Ok(Parts {
        method: method(&http.method)?,
        target: target(path, outside, event.raw_query_string.as_deref().unwrap_or_default())?,
        headers,
        body: body(event.body, event.is_base64_encoded)?,
        host: domain_name,
        client_id: None,
        request_id,
    })
}

fn method(text: &str) -> Result<Method, EventError> {
    text.parse().map_err(|_| EventError::Invalid("method"))
}

fn target(path: &str, outside: &'static AsciiSet, query: &str) -> Result<Uri, EventError> {
    let path = utf8_percent_encode(path, outside);
    let target = if query.is_empty() { path.to_string() } else { format!("{path}?{query}") };
    target.parse().map_err(|_| EventError::Invalid("path or query"))
}

/// The query that was decoded to these pairs. A name without a value gets an empty one, since both decode to the same pair.
fn query_string<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs = pairs.map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn single_headers(headers: Option<&IndexMap<String, String>>) -> Result<HeaderMap, EventError> {
    headers_of(headers.into_iter().flatten().map(|(name, value)| (name.as_str(), value.as_str())))
}

fn headers_of<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<HeaderMap, EventError> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| EventError::Invalid("header name"))?;
        let value = HeaderValue::from_bytes(value.as_bytes());
        headers.append(name, value.map_err(|_| EventError::Invalid("header value"))?);
    }
    Ok(headers)
}

fn body(body: Option<Cow<'_, str>>, is_base64: bool) -> Result<Bytes, EventError> {
    let body = body.unwrap_or_default();
    if is_base64 {
        let decoded = BASE64.decode(body.as_bytes());
        return decoded.map(Bytes::from).map_err(|_| EventError::Invalid("base64 body"));
    }
    Ok(body.into_owned().into())
}

/// What a path cannot have as it is (RFC 3986, section 3.3). A percent sign stays: it begins what the client encoded.
const OUTSIDE_OF_PATHS: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'`').add(b'{').add(b'}');
/// The same for a path that the gateway decoded, in which a percent sign stands for itself.
const OUTSIDE_OF_DECODED_PATHS: &AsciiSet = &OUTSIDE_OF_PATHS.add(b'%');

#[cfg(test)]
mod tests;
