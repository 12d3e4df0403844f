//! Makes the answer that goes out: the component's, or the host's in its place.

use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::header::{TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use hyper::http::response::Builder;
use hyper::{Method, Response, StatusCode, Version};
use serde_json::json;
use tracing::error;

use super::Answer;
use crate::door::Refusal;
use crate::sandbox;

/// The component's answer and the operation that gave it; a 500 in its place where it is no HTTP.
pub(super) fn of_component(
    response: sandbox::Response,
    method: &Method,
    request_id: &str,
) -> (Answer, Option<String>) {
    let sandbox::Response { status, headers, body, operation } = response;
    let built = (200..600)
        .contains(&status)
        .then(|| headers.into_iter().fold(Response::builder().status(status), header))
        .and_then(|builder| builder.body(Full::new(Bytes::from(body))).ok());
    let answer = built.unwrap_or_else(|| {
        error!(request_id, status, "the component's answer is no HTTP: a status or a header is malformed");
        refused(&Refusal::Failed, method)
    });
    (answer, operation)
}

fn header(builder: Builder, (name, value): (String, String)) -> Builder {
    match HeaderName::from_bytes(name.as_bytes()) {
        Ok(name) if OF_THE_CONNECTION.contains(&name) => builder,
        _ => builder.header(name, value),
    }
}

/// The host's answer in place of the component's.
///
/// Where a write may have been stored, it says so: an unknown outcome is never reported as a refusal.
pub(super) fn refused(refusal: &Refusal, method: &Method) -> Answer {
    let message = refusal.to_string();
    let body = if refusal.is_unknown() && !method.is_safe() {
        json!({ "message": message, "outcome": "unknown" })
    } else {
        json!({ "message": message })
    };
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = refusal.status();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ERROR_TYPE, HeaderValue::from_static(refusal.error_type()));
    if let Some(seconds) = refusal.retry_after_seconds() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

/// What every answer gets, and what HTTP forbids some answers to have.
pub(super) fn finish(mut answer: Answer, method: &Method, version: Version, request_id: &str) -> Answer {
    // Behind a request that was not understood there may be a part of it that looks like another.
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

/// As API Gateway names them.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Headers that say how this connection carries the answer; a component knows no connection.
const OF_THE_CONNECTION: [HeaderName; 7] =
    [CONNECTION, CONTENT_LENGTH, DATE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];
