//! One message over HTTP, before and after the SDK.
//!
//! A call whose headers agree with it passes the SDK by: the SDK's server runs four tasks for a message, and the processor time
//! for waking other threads for them is several times that of the call. Every other message goes to the SDK.
//!
//! The SDK answers some malformed messages in ways that mislead an agent or a proxy: as plain text, as a media type that is
//! not supported (415), or as a method that does not exist. They are refused here, as the errors that JSON-RPC has for them.
//! `Accept` is not enforced, because the answer is JSON in any case. The issues of the SDK (modelcontextprotocol/rust-sdk) did not
//! describe these answers on 2026-11-27.

use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Response, StatusCode};
use rmcp::model::{
    CallToolResult, JsonRpcMessage, ProtocolVersion, RequestId, RequestMetaObject, ServerJsonRpcMessage,
    ServerResult,
};
use serde_json::{Map, Value, json};

use super::outcome::{self, Call};

/// A message that JSON-RPC allows.
pub(super) struct Message<'a> {
    /// The headers as they arrived.
    headers: &'a HeaderMap,
    /// The message as it arrived, without a byte order mark.
    pub(super) body: Bytes,
    /// The id of a request; `None` for a notification.
    id: Option<Value>,
    method: String,
    params: Option<Value>,
}

impl<'a> Message<'a> {
    /// Reads a message, or returns the answer to one that is malformed.
    pub(super) fn read(headers: &'a HeaderMap, body: &Bytes) -> Result<Message<'a>, Box<Response<Bytes>>> {
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
        let params = message.remove("params");
        if let Some((params, arguments)) = params.as_ref().map(|params| (params, params.get("arguments"))) {
            let name = if params.is_object() { "arguments" } else { "params" };
            let is_wrong = !params.is_object() || arguments.is_some_and(|arguments| !arguments.is_object());
            if is_wrong {
                let text = format!("The member {name} must be an object.");
                return Err(Box::new(error(StatusCode::OK, id.as_ref(), INVALID_PARAMS, &text)));
            }
        }
        Ok(Message { headers, body, id, method, params })
    }

    /// The headers as the SDK wants them. Without sessions, it requires a host even if it allows all.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        headers
    }

    /// Takes the call that this message is. Returns `None` for any other message, and for a call that the SDK may refuse for
    /// its headers or its metadata.
    pub(super) fn take_call(&mut self) -> Option<PlainCall> {
        let id = self.id.as_ref().filter(|_| self.method == CALL)?;
        let id = match id.as_str() {
            Some(id) => RequestId::String(id.into()),
            None => RequestId::Number(id.as_i64()?),
        };
        let Some(Value::Object(mut params)) = self.params.take() else { return None };
        let Some(Value::String(name)) = params.remove("name") else { return None };
        let arguments = match params.remove("arguments") {
            Some(Value::Object(arguments)) => arguments,
            _ => Map::new(),
        };
        let meta = match params.remove("_meta") {
            Some(Value::Object(meta)) => RequestMetaObject::from(meta),
            Some(_) => return None,
            None => RequestMetaObject::default(),
        };
        let is_modern = self.is_modern_call(&name, &meta)?;
        Some(PlainCall { id, name, arguments, is_modern })
    }

    /// Whether a call has the protocol of 2026-07-28, in which headers repeat what it states. Returns `None` if a header
    /// disagrees, or if the version is neither this one nor one of [`LEGACY`].
    fn is_modern_call(&self, name: &str, meta: &RequestMetaObject) -> Option<bool> {
        let is_one = |header: &str, value: &str| {
            let mut values = self.headers.get_all(header).iter();
            values.next().is_some_and(|found| found == value) && values.next().is_none()
        };
        let Some(version) = meta.protocol_version() else {
            let is_legacy = LEGACY.iter().any(|version| is_one(VERSION, version.as_str()));
            return (is_legacy || !self.headers.contains_key(VERSION)).then_some(false);
        };
        let agrees = version == ProtocolVersion::V_2026_07_28
            && meta.missing_required_keys(&version).is_empty()
            && is_one(VERSION, version.as_str())
            && is_one("mcp-method", CALL)
            && is_one("mcp-name", name);
        agrees.then_some(true)
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

/// A call of a tool of which the SDK has nothing to check.
pub(super) struct PlainCall {
    id: RequestId,
    pub(super) name: String,
    pub(super) arguments: Map<String, Value>,
    /// Whether its version of the protocol is 2026-07-28.
    is_modern: bool,
}

impl PlainCall {
    /// The answer with a result, in the form that the version of the protocol has.
    pub(super) fn answer(self, result: CallToolResult) -> Response<Bytes> {
        let mut result = ServerResult::CallToolResult(result);
        if !self.is_modern {
            result.strip_result_type_for_legacy_peer();
            result.strip_non_object_output_for_legacy_peer();
        }
        let message: ServerJsonRpcMessage = JsonRpcMessage::response(result, self.id);
        // All that a result is made of can be written as JSON.
        answer(StatusCode::OK, serde_json::to_vec(&message).unwrap_or_default().into())
    }
}

impl Message<'_> {
    /// Whether the message is one of the protocol since 2026-07-28, in which each message names its version.
    fn is_modern(&self) -> bool {
        let version = self.headers.get(VERSION).and_then(|version| version.to_str().ok());
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
    if message.method != CALL {
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
    answer(status, body.to_string().into())
}

fn answer(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut answer = Response::new(body);
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
    ["resources/list", "resources/read", "resources/templates/list", CALL, "tools/list"];
const CALL: &str = "tools/call";
const VERSION: &str = "mcp-protocol-version";
/// The versions of the protocol in which no header depends on the message.
const LEGACY: [ProtocolVersion; 3] =
    [ProtocolVersion::V_2025_03_26, ProtocolVersion::V_2025_06_18, ProtocolVersion::V_2025_11_25];

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
