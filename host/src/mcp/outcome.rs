//! Turns the answer of an operation into the result of a tool call.

use std::fmt::Write;

use hyper::body::Bytes;
use hyper::header::{ETAG, RETRY_AFTER};
use hyper::{Response, StatusCode};
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value};

use super::tool;
use super::tool::Tool;

impl Tool {
    /// The result of a call that was answered.
    pub(super) fn result(&self, answer: &Response<Bytes>, request_id: &str) -> CallToolResult {
        if answer.status().is_success() {
            return self.success(answer);
        }
        let call = Call { is_write: !self.is_read(), has_key: self.has_key() };
        refusal(text(answer, request_id, call))
    }

    /// The text is the same JSON as the structured content, for clients that read only texts.
    fn success(&self, answer: &Response<Bytes>) -> CallToolResult {
        let Ok(mut body) = serde_json::from_slice::<Value>(answer.body()) else {
            let text = String::from_utf8_lossy(answer.body()).into_owned();
            return CallToolResult::success(vec![ContentBlock::text(text)]);
        };
        if let (Some(etag), Value::Object(members), true) = (etag(answer), &mut body, self.has_etag) {
            members.entry(tool::ETAG).or_insert(Value::from(etag));
        }
        let mut result = CallToolResult::success(vec![ContentBlock::text(body.to_string())]);
        result.structured_content = self.listed.output_schema.is_some().then_some(body);
        result
    }
}

/// The text of a call that cannot be performed.
pub(super) fn refusal(text: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text)])
}

/// What a call can have done, and how it can be repeated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// Whether it may have changed something.
    pub(super) is_write: bool,
    /// Whether it can have an idempotency key.
    pub(super) has_key: bool,
}

/// What went wrong, and what the agent can do next.
pub(super) fn text(answer: &Response<Bytes>, request_id: &str, call: Call) -> String {
    let status = answer.status();
    let problem = serde_json::from_slice::<Map<String, Value>>(answer.body()).unwrap_or_default();
    let member = |name: &str| problem.get(name).and_then(Value::as_str);
    let reason = status.canonical_reason().unwrap_or_default();
    let title = member("title").unwrap_or(reason);
    let detail = member("detail").or_else(|| member("message")).unwrap_or(reason);
    let mut text = format!("{} {title}: {detail}", status.as_u16());
    for (name, value) in &problem {
        if let Value::Array(values) = value
            && let Some(values) = values.iter().map(Value::as_str).collect::<Option<Vec<_>>>()
        {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n{name}: {}", values.join(", "));
        }
    }
    for error in problem.get("errors").and_then(Value::as_array).into_iter().flatten() {
        if let (Some(field), Some(message)) = (error["field"].as_str(), error["message"].as_str()) {
            let _ = write!(text, "\n{field}: {message}");
        }
    }
    // A host with strict parity leaves out `outcome`. A failed gateway or a timeout says nothing about what was done.
    let may_be_done =
        [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_GATEWAY, StatusCode::GATEWAY_TIMEOUT];
    let is_stated = problem.contains_key("type");
    let is_unknown = member("outcome") == Some("unknown")
        || (call.is_write && !is_stated && may_be_done.contains(&status));
    let _ = write!(text, "\n{}", advice(status, is_unknown, seconds(answer), call));
    if !status.is_client_error() {
        let _ = write!(text, " (request {request_id})");
    }
    text
}

/// The next step, by the status.
fn advice(status: StatusCode, is_unknown: bool, seconds: Option<u64>, call: Call) -> String {
    let repeat = match seconds {
        Some(seconds) => format!("Repeat the call after {seconds} seconds."),
        None => "Repeat the call later.".to_owned(),
    };
    let advice = match status {
        _ if is_unknown && call.has_key => {
            "It may have been done. Repeat it only with the same idempotency_key, or read first what is there."
        }
        _ if is_unknown => "It may have been done. Read first what is there.",
        StatusCode::NOT_FOUND => "Check the id, or list what there is to find the right one.",
        StatusCode::CONFLICT => "Do not repeat the call as it is. Choose what is allowed now.",
        StatusCode::PRECONDITION_FAILED => "Read it again, then use the etag of that answer as if_match.",
        StatusCode::UNPROCESSABLE_ENTITY if call.has_key => {
            "Change the arguments. A call with other arguments needs another idempotency_key."
        }
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => return repeat,
        status if status.is_client_error() => "Change the arguments, then call again.",
        _ => "Do not repeat the call. Report the id of the request to the operator.",
    };
    advice.to_owned()
}

/// The entity tag of an answer without its quotes.
fn etag(answer: &Response<Bytes>) -> Option<String> {
    let tag = answer.headers().get(ETAG)?.to_str().ok()?;
    let inner = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    // A weak tag stays as it is, so that it goes back as it is.
    Some(inner.unwrap_or(tag).to_owned())
}

fn seconds(answer: &Response<Bytes>) -> Option<u64> {
    answer.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()
}
