//! The client of Lambda's Runtime API, version 2018-06-01 (AWS Lambda Developer Guide, "Using the Lambda runtime API").
//!
//! AWS's crate `lambda_runtime` is not used: in version 1.5.0, a client context whose `custom` has a nested value ends the process
//! before the function sees the event (`Context::new`), and `AgentCore` sends such contexts. It also changes the environment of
//! the process at every event.

use std::env;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use tokio::time::timeout;

/// The Runtime API of this function.
#[derive(Debug)]
pub struct RuntimeApi {
    client: Client<HttpConnector, Full<Bytes>>,
    server: Authority,
}

/// An event, and what Lambda states about it.
#[derive(Debug)]
pub(super) struct Invocation {
    /// The id that Lambda gave the invocation.
    pub(super) id: String,
    /// The time at which Lambda ends the process, in milliseconds since the beginning of 1970.
    pub(super) deadline_ms: u64,
    pub(super) event: Bytes,
}

/// Why Lambda cannot be reached, or what it does not accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuntimeApiError {
    /// This process was not started by Lambda.
    #[error(
        "{VARIABLE}: not the host and port of Lambda's Runtime API; Lambda sets this variable for its functions"
    )]
    NotInLambda,
    /// There was no answer, or none in time.
    #[error("Lambda's Runtime API does not answer")]
    Unreachable,
    /// The answer does not have what the Runtime API promises.
    #[error("an answer of Lambda's Runtime API lacks {0}")]
    Malformed(&'static str),
    /// The response is larger than a function may return.
    #[error("the answer is larger than the 6 MB that a function may return")]
    TooLarge,
    /// Lambda refused a request.
    #[error("Lambda's Runtime API answers {0}")]
    Refused(StatusCode),
}

impl RuntimeApi {
    /// The Runtime API that Lambda names in the environment.
    pub fn from_environment() -> Result<RuntimeApi, RuntimeApiError> {
        let server = env::var(VARIABLE).ok().and_then(|server| server.parse().ok());
        let server = server.ok_or(RuntimeApiError::NotInLambda)?;
        Ok(RuntimeApi { client: Client::builder(TokioExecutor::new()).build_http(), server })
    }

    /// Waits for the next event, without a time limit: Lambda stops the process while there is none.
    pub(super) async fn next(&self) -> Result<Invocation, RuntimeApiError> {
        let answer = self.send(Method::GET, "invocation/next", HeaderMap::new(), Bytes::new()).await?;
        if !answer.status().is_success() {
            return Err(RuntimeApiError::Refused(answer.status()));
        }
        let (parts, body) = answer.into_parts();
        let header = |name: &'static str| {
            let text = parts.headers.get(name).and_then(|value| value.to_str().ok());
            text.ok_or(RuntimeApiError::Malformed(name))
        };
        let id = header("lambda-runtime-aws-request-id")?.to_owned();
        let deadline_ms = header(DEADLINE)?.parse().map_err(|_| RuntimeApiError::Malformed(DEADLINE))?;
        let body = timeout(CALL_TIME, Limited::new(body, EVENT_LIMIT_BYTES).collect()).await;
        let event = body.map_err(|_| RuntimeApiError::Unreachable)?;
        let event = event.map_err(|_| RuntimeApiError::Malformed("a whole event"))?.to_bytes();
        Ok(Invocation { id, deadline_ms, event })
    }

    /// Returns the response of an event.
    pub(super) async fn respond(&self, id: &str, response: Bytes) -> Result<(), RuntimeApiError> {
        self.post(&format!("invocation/{id}/response"), HeaderMap::new(), response).await
    }

    /// Reports that the function cannot answer an event. `kind` has the form `Category.Reason`.
    pub(super) async fn fail(
        &self,
        id: &str,
        kind: &'static str,
        message: &str,
    ) -> Result<(), RuntimeApiError> {
        self.report(&format!("invocation/{id}/error"), kind, message).await
    }

    /// Reports that the function cannot start. The process should end after this.
    pub async fn fail_start(&self, message: &str) -> Result<(), RuntimeApiError> {
        self.report("init/error", "Portdesk.Start", message).await
    }

    async fn report(&self, path: &str, kind: &'static str, message: &str) -> Result<(), RuntimeApiError> {
        let body = json!({"errorMessage": message, "errorType": kind, "stackTrace": []}).to_string();
        let headers = HeaderMap::from_iter([(ERROR_TYPE, HeaderValue::from_static(kind))]);
        self.post(path, headers, body.into()).await
    }

    async fn post(&self, path: &str, headers: HeaderMap, body: Bytes) -> Result<(), RuntimeApiError> {
        let answer = timeout(CALL_TIME, self.send(Method::POST, path, headers, body)).await;
        match answer.map_err(|_| RuntimeApiError::Unreachable)??.status() {
            status if status.is_success() => Ok(()),
            StatusCode::PAYLOAD_TOO_LARGE => Err(RuntimeApiError::TooLarge),
            status => Err(RuntimeApiError::Refused(status)),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Incoming>, RuntimeApiError> {
        let uri = format!("http://{}/2018-06-01/runtime/{path}", self.server);
        let uri = uri.parse().map_err(|_| RuntimeApiError::Malformed("a valid id"))?;
        let mut request = Request::new(Full::new(body));
        (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (method, uri, headers);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.client.request(request).await.map_err(|_| RuntimeApiError::Unreachable)
    }
}

const VARIABLE: &str = "AWS_LAMBDA_RUNTIME_API";
const DEADLINE: &str = "lambda-runtime-deadline-ms";
const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
/// How long the Runtime API, which is on the same machine, may take to accept a response.
const CALL_TIME: Duration = Duration::from_secs(2);
/// More than the 6 MB of the largest event (Lambda quotas, "Invocation payload").
const EVENT_LIMIT_BYTES: usize = 8 << 20;
