//! Makes the answer for the client: that of the component, or that of the host in its place.

use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue,
};
use hyper::header::{RETRY_AFTER, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, VARY};
use hyper::http::response::Builder;
use hyper::{HeaderMap, Method, Response, StatusCode, Version};
use serde::Serialize;
use tracing::error;

use super::{Answer, Reply};
use crate::door::{Parity, Refusal};
use crate::sandbox;
use crate::telemetry::OperationLabel;

/// Returns the component's answer and its operation, or a 500 if the answer is not valid HTTP.
pub(super) fn of_component(
    response: sandbox::Response,
    method: &Method,
    request_id: &str,
    parity: Parity,
) -> Reply {
    let sandbox::Response { status, headers, body, operation } = response;
    let built = (200..600)
        .contains(&status)
        .then(|| headers.into_iter().fold(Response::builder().status(status), header))
        .and_then(|builder| builder.body(Full::new(Bytes::from(body))).ok());
    let operation = operation.map_or(OperationLabel::None, OperationLabel::Component);
    let Some(answer) = built else {
        error!(request_id, status, "the component's answer is no HTTP: a status or a header is malformed");
        return Reply { operation, ..refused(&Refusal::Failed, method, parity) };
    };
    Reply::of(answer, operation)
}

fn header(builder: Builder, (name, value): (String, String)) -> Builder {
    match HeaderName::from_bytes(name.as_bytes()) {
        Ok(name) if OF_THE_CONNECTION.contains(&name) => builder,
        _ => builder.header(name, value),
    }
}

/// The host's answer in place of the component's.
///
/// If a write may have been stored, the answer states that: an unknown outcome is never reported as a refusal. A host with
/// strict parity cannot state it, because API Gateway has no member for it; there, 500 and 504 mean an unknown outcome.
pub(super) fn refused(refusal: &Refusal, method: &Method, parity: Parity) -> Reply {
    let status = refusal.status();
    let friendly = (parity == Parity::Friendly).then(|| Friendly {
        r#type: refusal.problem_type(),
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail: refusal.detail(),
        outcome: (refusal.is_unknown() && !method.is_safe()).then_some("unknown"),
    });
    let body = RefusalBody { message: refusal.to_string(), friendly };
    // Serializing text and numbers cannot fail.
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if matches!(refusal, Refusal::BodyEncoded { .. }) {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    headers.insert(ERROR_TYPE, HeaderValue::from_static(refusal.error_type()));
    if parity == Parity::Friendly {
        advise(headers, refusal);
    }
    Reply { refusal: Some(refusal.reason()), ..Reply::of(answer, OperationLabel::None) }
}

/// Adds headers that advise when to repeat the request, if repeating helps.
fn advise(headers: &mut HeaderMap, refusal: &Refusal) {
    if let Some(seconds) = refusal.retry_after_seconds() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    let Some((policy, limit)) = refusal.rate_limit() else { return };
    for (name, value) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, limit)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

/// The body of a refusal. The order of its members is that of API Gateway, which has the first one only.
#[derive(Serialize)]
struct RefusalBody {
    message: String,
    #[serde(flatten)]
    friendly: Option<Friendly>,
}

/// The members that make a refusal a problem (RFC 9457).
#[derive(Serialize)]
struct Friendly {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
}

/// Adds the headers that every answer has, and removes the bodies that HTTP forbids.
pub(super) fn finish(
    mut answer: Answer,
    method: &Method,
    version: Version,
    request_id: &str,
    cors: Option<&HeaderMap>,
) -> Answer {
    for (name, value) in cors.into_iter().flatten() {
        match name {
            // The component may have set `vary` too.
            &VARY => answer.headers_mut().append(name, value.clone()),
            name => answer.headers_mut().insert(name, value.clone()).is_some(),
        };
    }
    // The bytes after a malformed request may be a part of it that looks like another request.
    if answer.status() == StatusCode::BAD_REQUEST && version < Version::HTTP_2 {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    let empty = matches!(answer.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if *method == Method::HEAD && !empty {
        let length = answer.body().size_hint().exact().unwrap_or_default();
        answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if *method == Method::HEAD || empty {
        *answer.body_mut() = Full::new(Bytes::new());
    }
    answer
}

/// The names are those of API Gateway.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Headers about how this connection carries the answer. A component has no connection, so its values are dropped.
const OF_THE_CONNECTION: [HeaderName; 7] =
    [CONNECTION, CONTENT_LENGTH, DATE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];
