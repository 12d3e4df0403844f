//! Observes one request, from its head to its answer.

use std::time::{Duration, Instant};

use hyper::{HeaderMap, StatusCode};
use opentelemetry::trace::{SpanContext, TraceId};
use tracing::field::display;
use tracing::info;

use super::spans::RequestSpan;
use super::{Level, OperationLabel, Telemetry, Via, traceparent};

/// Observes a request that has no answer yet. If this is dropped before the answer, the request counts as abandoned, and
/// the log has a line about that.
pub struct RequestWatch<'a> {
    telemetry: &'a Telemetry,
    method: &'static str,
    request_id: &'a str,
    via: Via,
    begun: Instant,
    trace_id: Option<TraceId>,
    span: RequestSpan,
    is_answered: bool,
    _in_flight: Level,
}

/// What the log states about an answered request.
#[derive(Debug)]
pub struct AnswerSummary<'a> {
    /// The name of the operation, as metrics and spans have it.
    pub operation: &'a str,
    /// The time from the head to the answer.
    pub duration: Duration,
}

impl Telemetry {
    /// Begins to observe a request with these headers.
    #[must_use]
    pub fn request<'a>(
        &'a self,
        headers: &HeaderMap,
        method: &'static str,
        request_id: &'a str,
        via: Via,
    ) -> RequestWatch<'a> {
        let caller = traceparent::caller(headers);
        RequestWatch {
            telemetry: self,
            method,
            request_id,
            via,
            begun: Instant::now(),
            trace_id: caller.as_ref().map(SpanContext::trace_id),
            span: self.spans.request(caller, method, request_id),
            is_answered: false,
            _in_flight: Level::raise(&self.metrics.in_flight),
        }
    }
}

impl<'a> RequestWatch<'a> {
    /// The trace of the caller, if the request names one.
    #[must_use]
    pub fn trace_id(&self) -> Option<TraceId> {
        self.trace_id
    }

    /// Runs a part of the request, so that calls of the store within it belong to the span of the request.
    pub async fn within<F: Future>(&self, part: F) -> F::Output {
        self.span.within(part).await
    }

    /// Records the answer. `refusal` is the reason if the host answers in place of the component.
    #[must_use]
    pub fn answered(
        mut self,
        operation: &OperationLabel,
        status: StatusCode,
        refusal: Option<&'static str>,
    ) -> AnswerSummary<'a> {
        self.is_answered = true;
        let (telemetry, duration) = (self.telemetry, self.begun.elapsed());
        let operation =
            telemetry.metrics.request_answered(operation, status, refusal, self.via, duration.as_secs_f64());
        self.span.end(operation, status, refusal);
        AnswerSummary { operation, duration }
    }
}

impl Drop for RequestWatch<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.telemetry.metrics.abandoned.inc();
            let (request_id, trace_id, method) = (self.request_id, self.trace_id.map(display), self.method);
            info!(
                request_id,
                trace_id, method, "the client went away before its answer; a write goes on to its end"
            );
        }
    }
}
