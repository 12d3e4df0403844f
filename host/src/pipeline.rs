//! The pipeline takes one request from its parsed head to its answer.
//!
//! Every request passes the same steps in the same order: the host's own pages, the door, the sandbox, the answer.

mod answer;
mod in_space;
mod noted;
mod own;
mod pages;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use tokio::time::{Instant, timeout};
use tracing::{error, info, warn};
use uuid::Uuid;

pub use self::in_space::Delivery;
pub use self::pages::PAGES;
use crate::backend::Backend;
use crate::contract::Contract;
use crate::door::{Admitted, Door, Parity, Refusal};
use crate::journal;
use crate::mcp::{self, Mcp, Performed};
use crate::sandbox::{self, Conditions, HandleError, Responder};
use crate::space::{Space, Spaces};
use crate::store::GuestStore;
use crate::telemetry::{self, Levels, OperationLabel, Telemetry, Via};

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
    pub contract: Arc<Contract>,
    /// The spaces and the journal, if the host has a console.
    pub spaces: Option<Arc<Spaces>>,
    /// Answers messages of agents at [`mcp::PATH`].
    pub mcp: Mcp,
    /// How long a request may take from its head to its answer.
    pub time_limit: Duration,
    /// Whether the host stops; see [`Pipeline::begin_shutdown`].
    pub stopping: AtomicBool,
}

/// An answer with its whole body.
pub type Answer = Response<Full<Bytes>>;

/// What a way in knows about a request that HTTP does not carry. The way in adds it to the extensions of the request.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The id of the request, in place of one that the host makes.
    pub request_id: String,
    /// When the host must have answered, if that is before its own time limit.
    pub deadline: Instant,
}

/// An answer and its origin.
struct Reply {
    answer: Answer,
    operation: OperationLabel,
    /// Why the host answers in place of the component, if it does so.
    refusal: Option<&'static str>,
    /// The status of the operation that a message performed. `None` for a request of HTTP.
    performed: Option<StatusCode>,
    /// What a fault does with the answer on its way, if the request met such a fault.
    delivery: Option<Delivery>,
    /// The id of the request, if its space has a seed, in place of the random one.
    request_id: Option<String>,
}

impl Reply {
    /// An answer that goes to its client as it is.
    fn of(answer: Answer, operation: OperationLabel) -> Reply {
        Reply { answer, operation, refusal: None, performed: None, delivery: None, request_id: None }
    }
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
        let (mut parts, body) = request.into_parts();
        let arrival = parts.extensions.remove();
        let Arrival { request_id, deadline } = arrival.unwrap_or_else(|| Arrival {
            request_id: Uuid::new_v4().to_string(),
            deadline: begun + self.time_limit,
        });
        let deadline = deadline.min(begun + self.time_limit);
        let (http_method, version) = (parts.method.clone(), parts.version);
        let method = known(&http_method);
        let cors = self.door.cors.answer(&parts.headers);
        let via = if mcp::is_message(&parts.uri) { Via::Mcp } else { Via::Http };
        let watch = self.telemetry.request(&parts.headers, method, &request_id, via);
        let trace_id = watch.trace_id().map(tracing::field::display);
        let reply = match self.door.check_head(&parts) {
            Err(refusal) => answer::refused(&refusal, &http_method, self.parity),
            Ok(()) => match self.page(&parts, &request_id).await {
                Some(page) => page,
                None => watch.within(self.ask(parts, body, &request_id, deadline)).await,
            },
        };
        let Reply { answer, operation, refusal, performed, delivery, request_id: seeded } = reply;
        let request_id = seeded.as_ref().unwrap_or(&request_id);
        // A message is counted as the operation that it performed.
        let status = performed.unwrap_or(answer.status());
        let summary = watch.answered(&operation, status, refusal);
        let (operation, status, via) = (summary.operation, status.as_u16(), via.label());
        let duration_us = u64::try_from(summary.duration.as_micros()).unwrap_or(u64::MAX);
        info!(request_id, trace_id, via, method, operation, status, refusal, duration_us, "answered");
        let mut answer = answer::finish(answer, &http_method, version, request_id, cors.as_ref());
        if let Some(delivery) = delivery {
            answer.extensions_mut().insert(delivery);
        }
        answer
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

    /// Sends the spans of the requests that were answered, if spans are exported, and waits for that at most `within`.
    pub async fn send_spans(self: &Arc<Self>, within: Duration) {
        if self.telemetry.spans.are_exported() {
            let pipeline = Arc::clone(self);
            // A panic is logged, and the collector has a time limit of its own after this one.
            let sent = tokio::task::spawn_blocking(move || pipeline.telemetry.spans.send());
            let _ = timeout(within, sent).await;
        }
    }

    async fn ask<B>(self: &Arc<Self>, mut parts: Parts, body: B, request_id: &str, deadline: Instant) -> Reply
    where
        B: Body<Data = Bytes>,
    {
        let is_message = mcp::is_message(&parts.uri);
        if is_message {
            mcp::take_bearer_token(&mut parts.headers);
        }
        let begun = Instant::now();
        let via = if is_message { journal::Via::Mcp } else { journal::Via::Http };
        let is_write = !is_message && !parts.method.is_safe();
        let admitted = match self.door.admit(&parts, is_write, deadline).await {
            Ok(admitted) => admitted,
            Err(refusal) if is_message && refusal.status() == StatusCode::TOO_MANY_REQUESTS => {
                let refused = self.refuse(&parts, via, begun, request_id, &refusal).await;
                return Box::pin(self.explain(&parts, body, refused, deadline)).await;
            }
            Err(refusal) => return self.refuse(&parts, via, begun, request_id, &refusal).await,
        };
        let body = match self.door.read_body(&parts.headers, body, deadline).await {
            Ok(body) => body,
            Err(refusal) => return self.refuse(&parts, via, begun, request_id, &refusal).await,
        };
        let passage = Arc::new(Passage {
            admitted,
            space: None,
            via,
            begun,
            deadline,
            request_id: request_id.to_owned(),
        });
        let request = Request::from_parts(parts, body);
        if is_message {
            // The future of the SDK is large, and other requests must not have to hold it.
            return Box::pin(self.message(request, passage)).await;
        }
        self.perform(request, passage).await
    }

    /// The answer to a request that the door refuses.
    async fn refuse(
        &self,
        parts: &Parts,
        via: journal::Via,
        begun: Instant,
        request_id: &str,
        refusal: &Refusal,
    ) -> Reply {
        let refused = answer::refused(refusal, &parts.method, self.parity);
        if let Some(spaces) = &self.spaces {
            // Boxed, so that a host without spaces does not have to hold this future.
            Box::pin(self.note_refusal(spaces, parts, via, begun, request_id, &refused)).await;
        }
        refused
    }

    /// Answers a message that exceeds a plan as the protocol answers, because clients show nobody the body of another answer.
    async fn explain<B>(&self, parts: &Parts, body: B, refused: Reply, deadline: Instant) -> Reply
    where
        B: Body<Data = Bytes>,
    {
        // The body counts as one of a request in flight.
        let Ok(_permit) = self.door.requests.enter().await else { return refused };
        let Ok(body) = self.door.read_body(&parts.headers, body, deadline).await else { return refused };
        let Reply { answer, operation, refusal, delivery, request_id, .. } = refused;
        let (status, answer) = (answer.status(), whole(answer).await);
        let answer = mcp::refused(&parts.headers, &body, answer).map(Full::new);
        Reply { answer, operation, refusal, performed: Some(status), delivery, request_id }
    }

    /// Answers a message of an agent. A message performs at most one operation.
    async fn message(self: &Arc<Self>, message: Request<Bytes>, passage: Arc<Passage>) -> Reply {
        let (mut performed, mut sent, mut seeded) = (None, None, None);
        let perform = async |request| {
            let Reply { answer, operation, refusal, delivery, request_id, .. } =
                self.perform_limited(request, Arc::clone(&passage)).await;
            performed = Some((operation, answer.status(), refusal));
            sent = delivery;
            seeded.clone_from(&request_id);
            let request_id = request_id.unwrap_or_else(|| passage.request_id.clone());
            Performed { answer: whole(answer).await, request_id }
        };
        let is_read_only = passage.admitted.is_read_only;
        let answer = self.mcp.answer(message.headers(), message.body(), is_read_only, perform).await;
        let answer = answer.map(Full::new);
        let page = || (OperationLabel::Page("mcp"), answer.status(), None);
        let (operation, status, refusal) = performed.unwrap_or_else(page);
        Reply { answer, operation, refusal, performed: Some(status), delivery: sent, request_id: seeded }
    }

    /// Performs an operation whose request did not pass the door itself: its head has the same limits.
    async fn perform_limited(self: &Arc<Self>, request: Request<Bytes>, passage: Arc<Passage>) -> Reply {
        let (parts, body) = request.into_parts();
        match self.door.check_size(&parts) {
            Ok(()) => self.perform(Request::from_parts(parts, body), passage).await,
            Err(refusal) => answer::refused(&refusal, &parts.method, self.parity),
        }
    }

    /// Performs an operation. If its method may change something, it goes on to its end even if the client goes away.
    async fn perform(self: &Arc<Self>, request: Request<Bytes>, passage: Arc<Passage>) -> Reply {
        if request.method().is_safe() {
            return self.handle(&request, &passage).await;
        }
        let (pipeline, parity) = (Arc::clone(self), self.parity);
        let (request_id, method) = (passage.request_id.clone(), request.method().clone());
        let handled = async move { pipeline.handle(&request, &passage).await };
        // A task of its own is not dropped when the client goes away, and its panic ends nothing else.
        tokio::spawn(telemetry::continued(handled)).await.unwrap_or_else(|_error| {
            // The error is not logged, because it has the text of the panic, which may quote data.
            error!(request_id, "a request ended in a panic of the host");
            answer::refused(&Refusal::Failed, &method, parity)
        })
    }

    async fn handle(&self, asked: &Request<Bytes>, passage: &Passage) -> Reply {
        match &self.spaces {
            None => self.respond(asked, passage, &passage.request_id, None).await,
            // Boxed, so that a host without spaces does not have to hold this future.
            Some(spaces) => Box::pin(self.respond_in(spaces, asked, passage)).await,
        }
    }

    async fn respond(
        &self,
        asked: &Request<Bytes>,
        passage: &Passage,
        request_id: &str,
        conditions: Option<Box<Conditions>>,
    ) -> Reply {
        let method = asked.method();
        let headers = passed_headers(asked.headers());
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        let request = sandbox::Request {
            method: method.as_str(),
            path: asked.uri().path(),
            query: asked.uri().query(),
            headers: &headers,
            body: asked.body(),
            client: Some(passage.admitted.client.as_str()),
            request_id,
        };
        match self.responder.handle(request, conditions, passage.deadline).await {
            Ok(response) => answer::of_component(response, method, request_id, self.parity),
            Err(failure) => {
                log(&failure, request_id);
                answer::refused(&Refusal::from(&failure), method, self.parity)
            }
        }
    }
}

/// An answer with its body in one piece.
async fn whole(answer: Answer) -> Response<Bytes> {
    let (parts, body) = answer.into_parts();
    let Ok(body) = body.collect().await;
    Response::from_parts(parts, body.to_bytes())
}

/// What belongs to a request that the door has admitted, apart from the request itself.
struct Passage {
    /// It holds the permit until there is an answer.
    admitted: Admitted,
    /// The space of a request of the host itself. That of any other request follows from its key.
    space: Option<Arc<Space>>,
    via: journal::Via,
    /// When its head had arrived.
    begun: Instant,
    deadline: Instant,
    request_id: String,
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
