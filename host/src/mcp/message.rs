//! One message over HTTP, before and after the SDK.
//!
//! The SDK answers some malformed messages in ways that mislead an agent or a proxy: as plain text, as a media type that is
//! not supported (415), or as a method that does not exist. They are refused here, as the errors that JSON-RPC has for them.
//! `Accept` is not enforced, because the answer is JSON in any case.

use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};

use super::outcome::{self, Call};

/// A message that JSON-RPC allows.
pub(super) struct Message {
    /// The headers, as the SDK wants them.
    pub(super) headers: HeaderMap,
    /// The message as it arrived, without a byte order mark.
    pub(super) body: Bytes,
    /// The id of a request; `None` for a notification.
    id: Option<Value>,
    method: String,
}

impl Message {
    /// Reads a message, or returns the answer to one that is malformed.
    pub(super) fn read(headers: &HeaderMap, body: &Bytes) -> Result<Message, Box<Response<Bytes>>> {
        if !is_json(headers) {
            let text = "The content type must be application/json.";
            return Err(Box::new(error(StatusCode::UNSUPPORTED_MEDIA_TYPE, None, INVALID_REQUEST, text)));
        }
        let malformed = |id: Option<&Value>, text: &str| {
            Box::new(error(StatusCode::BAD_REQUEST, id, INVALID_REQUEST, text))
        };
        let body = if body.starts_with(BYTE_ORDER_MARK) {
            body.slice(BYTE_ORDER_MARK.len()..)
        } else {
            body.clone()
        };
        let message: Value = serde_json::from_slice(&body)
            .map_err(|_| Box::new(error(StatusCode::BAD_REQUEST, None, PARSE_ERROR, NOT_JSON)))?;
        let Value::Object(mut message) = message else {
            return Err(malformed(None, "A message is one JSON object; batches are not supported."));
        };
        // Without a method it may be an answer, whose id is not one of a request of the client.
        let Some(Value::String(method)) = message.remove("method") else {
            return Err(malformed(None, "The member method must be a string."));
        };
        let id = message.remove("id");
        let is_id = id.as_ref().is_none_or(|id| id.is_string() || id.is_i64());
        if !is_id {
            return Err(malformed(None, "The member id must be a string or an integer."));
        }
        if message.get("jsonrpc") != Some(&Value::from("2.0")) {
            return Err(malformed(id.as_ref(), "The member jsonrpc must be \"2.0\"."));
        }
        let arguments = message.get("params").map(|params| (params, params.get("arguments")));
        if let Some((params, arguments)) = arguments {
            let name = if params.is_object() { "arguments" } else { "params" };
            let is_wrong = !params.is_object() || arguments.is_some_and(|arguments| !arguments.is_object());
            if is_wrong {
                let text = format!("The member {name} must be an object.");
                return Err(Box::new(error(StatusCode::OK, id.as_ref(), INVALID_PARAMS, &text)));
            }
        }
        let mut headers = headers.clone();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        Ok(Message { headers, body, id, method })
    }

    /// The SDK's answer as JSON-RPC in any case.
    pub(super) fn corrected(&self, answer: Response<Bytes>) -> Response<Bytes> {
        let status = answer.status();
        if !answer.body().is_empty() && !is_json(answer.headers()) {
            let code = if status.is_server_error() { INTERNAL_ERROR } else { INVALID_REQUEST };
            return error(status, self.id.as_ref(), code, &String::from_utf8_lossy(answer.body()));
        }
        // The SDK takes a method whose parameters it cannot read for one that it does not have.
        let is_known =
            METHODS.contains(&self.method.as_str()) || (self.method == INITIALIZE && !self.is_modern());
        if is_known && is_method_not_found(answer.body()) {
            let text = format!("The parameters of {} are malformed.", self.method);
            return error(StatusCode::OK, self.id.as_ref(), INVALID_PARAMS, &text);
        }
        answer
    }
}

impl Message {
    /// Whether the message is one of the protocol since 2026-07-28, in which each message names its version.
    fn is_modern(&self) -> bool {
        let version = self.headers.get("mcp-protocol-version").and_then(|version| version.to_str().ok());
        version.is_some_and(|version| version >= STATELESS)
    }
}

/// The answer to a message that the door refuses. A call gets the refusal as its result, which is the only answer that clients pass
/// on to a model. For any other message, the refusal becomes an error of JSON-RPC and keeps its status.
#[must_use]
pub fn refused(headers: &HeaderMap, body: &Bytes, refusal: Response<Bytes>) -> Response<Bytes> {
    let Ok(message) = Message::read(headers, body) else { return refusal };
    let call = Call { is_write: false, has_key: false };
    let text = outcome::text(&refusal, "", call);
    if message.method != "tools/call" {
        let mut answer = error(refusal.status(), message.id.as_ref(), SERVER_ERROR, &text);
        if let Some(time) = refusal.headers().get(RETRY_AFTER) {
            answer.headers_mut().insert(RETRY_AFTER, time.clone());
        }
        return answer;
    }
    let content = json!([{"type": "text", "text": text}]);
    let result = if message.is_modern() {
        json!({"content": content, "isError": true, "resultType": "complete"})
    } else {
        json!({"content": content, "isError": true})
    };
    json_answer(StatusCode::OK, &json!({"jsonrpc": "2.0", "id": message.id, "result": result}))
}

/// An error of JSON-RPC, as an answer.
pub(super) fn error(status: StatusCode, id: Option<&Value>, code: i32, text: &str) -> Response<Bytes> {
    json_answer(status, &failure(id, code, text))
}

/// An error of JSON-RPC, as a message.
#[must_use]
pub fn failure(id: Option<&Value>, code: i32, text: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": text}})
}

fn json_answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body.to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

fn is_json(headers: &HeaderMap) -> bool {
    let name = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let name = name.and_then(|name| name.split(';').next()).unwrap_or_default().trim();
    name.eq_ignore_ascii_case("application/json")
}

fn is_method_not_found(body: &Bytes) -> bool {
    // An answer is much longer than this error, and need not be parsed.
    let answer = (body.len() < ERROR_BYTES).then(|| serde_json::from_slice::<Value>(body).ok()).flatten();
    answer.as_ref().and_then(|answer| answer.pointer("/error/code")) == Some(&Value::from(METHOD_NOT_FOUND))
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The first version of the protocol without `initialize`.
const STATELESS: &str = "2026-07-28";
const INITIALIZE: &str = "initialize";
/// The methods of both eras that this server has.
const METHODS: [&str; 5] =
    ["resources/list", "resources/read", "resources/templates/list", "tools/call", "tools/list"];

/// The text of [`PARSE_ERROR`].
pub const NOT_JSON: &str = "The message is not valid JSON, or is nested too deeply.";

/// More than the error for an unknown method has, whatever the id of the request.
const ERROR_BYTES: usize = 1024;

// The codes of JSON-RPC 2.0, section 5.1.
/// The message is not JSON.
pub const PARSE_ERROR: i32 = -32700;
/// The message is not one that JSON-RPC allows.
pub const INVALID_REQUEST: i32 = -32600;
const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;
const INTERNAL_ERROR: i32 = -32603;
/// The code that JSON-RPC leaves to servers.
pub const SERVER_ERROR: i32 = -32000;
