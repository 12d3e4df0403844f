//! The pipeline takes one request from its parsed head to its answer.
//!
//! Every request passes the same steps in the same order: the host's own pages, the door, the sandbox, the answer.

mod answer;
mod pages;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response};
use tokio::time::Instant;
use tracing::{error, info, warn};
use uuid::Uuid;

pub use self::pages::PAGES;
use crate::backend::Backend;
use crate::contract::Contract;
use crate::door::{Admitted, Door, Parity, Refusal};
use crate::sandbox::{self, HandleError, Responder};
use crate::store::GuestStore;
use crate::telemetry::{self, Levels, OperationLabel, Telemetry};

/// Everything that answers requests. All ways in share one pipeline.
pub struct Pipeline {
    /// Decides which requests are admitted.
    pub door: Door,
    /// How closely refusals resemble those of Amazon API Gateway.
    pub parity: Parity,
    /// Answers the requests that the door admits.
    pub responder: Arc<dyn Responder>,
    /// The store that the readiness check tries.
    pub store: GuestStore,
    /// The backend of the store, which is closed when the host ends.
    pub backend: Arc<dyn Backend>,
    /// Records every request.
    pub telemetry: Arc<Telemetry>,
    /// The component's contract. The page `/openapi.yaml` has its text.
    pub contract: Contract,
    /// How long a request may take from its head to its answer.
    pub time_limit: Duration,
    /// Whether the host stops; see [`Pipeline::begin_shutdown`].
    pub stopping: AtomicBool,
}

/// An answer with its whole body.
pub type Answer = Response<Full<Bytes>>;

/// An answer and its origin.
struct Reply {
    answer: Answer,
    operation: OperationLabel,
    /// Why the host answers in place of the component, if it does so.
    refusal: Option<&'static str>,
}

impl Pipeline {
    /// Answers one request. Never fails: every error becomes an answer.
    ///
    /// The future is dropped if the client goes away. That cancels a request that only reads. A request that may write
    /// goes on to its end, within its deadline.
    pub async fn answer<B>(self: &Arc<Self>, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes>,
    {
        let begun = Instant::now();
        let request_id = Uuid::new_v4().to_string();
        let (parts, body) = request.into_parts();
        let (http_method, version) = (parts.method.clone(), parts.version);
        let method = known(&http_method);
        let cors = self.door.cors.answer(&parts.headers);
        let watch = self.telemetry.request(&parts.headers, method, &request_id);
        let trace_id = watch.trace_id().map(tracing::field::display);
        let reply = match self.door.check_head(&parts) {
            Err(refusal) => answer::refused(&refusal, &http_method, self.parity),
            Ok(()) => match self.page(&parts, &request_id).await {
                Some(page) => page,
                None => watch.within(self.ask(parts, body, &request_id, begun + self.time_limit)).await,
            },
        };
        let Reply { answer, operation, refusal } = reply;
        let summary = watch.answered(&operation, answer.status(), refusal);
        let (operation, status) = (summary.operation, answer.status().as_u16());
        let duration_us = u64::try_from(summary.duration.as_micros()).unwrap_or(u64::MAX);
        info!(request_id, trace_id, method, operation, status, refusal, duration_us, "answered");
        answer::finish(answer, &http_method, version, &request_id, cors.as_ref())
    }

    /// Turns the readiness check red, before connections are refused.
    pub fn begin_shutdown(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the host stops.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Resolves if a request found no permit to be in flight, so that a connection that is idle should go. For one waiter.
    pub async fn crowded(&self) {
        self.door.requests.crowded().await;
    }

    /// Resolves when no request is in flight.
    pub async fn all_ended(&self) {
        self.door.requests.all_ended().await;
    }

    /// The text of the metrics at this moment.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.telemetry.metrics.render(Levels {
            instances_in_use: self.responder.in_use(),
            guest_memory_high_water_bytes: self.responder.memory_high_water_bytes(),
            store_log_bytes: self.backend.log_bytes().unwrap_or_default(),
        })
    }

    async fn ask<B>(self: &Arc<Self>, parts: Parts, body: B, request_id: &str, deadline: Instant) -> Reply
    where
        B: Body<Data = Bytes>,
    {
        let admitted = match self.door.admit(&parts, body, deadline).await {
            Ok(admitted) => admitted,
            Err(refusal) => return answer::refused(&refusal, &parts.method, self.parity),
        };
        let (pipeline, parity) = (Arc::clone(self), self.parity);
        let (id, method) = (request_id.to_owned(), parts.method.clone());
        let handled = async move { pipeline.handle(&parts, &admitted, &id, deadline).await };
        if method.is_safe() {
            return handled.await;
        }
        // A task of its own is not dropped when the client goes away, and its panic ends nothing else.
        tokio::spawn(telemetry::continued(handled)).await.unwrap_or_else(|_error| {
            // The error is not logged, because it has the text of the panic, which may quote data.
            error!(request_id, "a request ended in a panic of the host");
            answer::refused(&Refusal::Failed, &method, parity)
        })
    }

    async fn handle(&self, parts: &Parts, admitted: &Admitted, request_id: &str, deadline: Instant) -> Reply {
        let headers = passed_headers(&parts.headers);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        let request = sandbox::Request {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query(),
            headers: &headers,
            body: &admitted.body,
            client: Some(admitted.client.as_str()),
            request_id,
        };
        match self.responder.handle(request, deadline).await {
            Ok(response) => answer::of_component(response, &parts.method, request_id, self.parity),
            Err(failure) => {
                log(&failure, request_id);
                answer::refused(&Refusal::from(&failure), &parts.method, self.parity)
            }
        }
    }
}

/// Returns the headers that `wit/handler.wit` passes to a component. A header with a malformed value is passed too: without
/// it, the component would take a malformed `idempotency-key` for a request without a key.
fn passed_headers(headers: &HeaderMap) -> Vec<(&str, Cow<'_, str>)> {
    let passed = headers.iter().filter(|(name, _)| PASSED_HEADERS.contains(&name.as_str()));
    passed.map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect()
}

/// Returns the method for the log. A method that is not one of HTTP is `other`, because a client may send any text there.
fn known(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PATCH", "OPTIONS", "PUT", "DELETE"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

/// The one place where a failure of the component is logged.
fn log(failure: &HandleError, request_id: &str) {
    match failure {
        HandleError::Busy | HandleError::Deadline => {
            warn!(request_id, %failure, "no answer from the component");
        }
        HandleError::Answer(_) | HandleError::Memory(_) | HandleError::Trap(_) => {
            error!(request_id, %failure, "no answer from the component");
        }
    }
}

const PASSED_HEADERS: [&str; 6] =
    ["accept", "content-type", "idempotency-key", "if-match", "if-none-match", "prefer"];
