//! Spans of requests and of their calls of the store, sent to an OpenTelemetry collector over OTLP/HTTP.
//!
//! Spans go into a queue of 2,048, and are dropped if the queue is full. A thread of the library sends them every five
//! seconds or in batches of hundreds. So a collector that is slow or gone costs spans and never delays a request.
//! Each variable of OpenTelemetry takes effect or is refused, see `variables`.

mod collector;
mod variables;

use std::time::Duration;

use hyper::StatusCode;
use opentelemetry::trace::{
    FutureExt, Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, Tracer as _,
    TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span};
use tracing::warn;

use self::collector::Collector;
pub use self::collector::CollectorUrl;
use super::{Outcome, Verb};

/// Sends spans to a collector, or drops them if there is none.
#[derive(Debug, Default)]
pub struct Spans {
    export: Option<(SdkTracerProvider, SdkTracer)>,
}

/// The span of a request.
#[derive(Debug)]
pub(super) struct RequestSpan {
    context: Option<Context>,
    method: &'static str,
}

/// The span of a call of the store.
#[derive(Debug)]
pub(super) struct CallSpan {
    span: Option<Span>,
}

/// Makes a future that runs in another task belong to the request that this task works on.
pub fn continued<F: Future>(part: F) -> impl Future<Output = F::Output> {
    part.with_current_context()
}

impl Spans {
    /// Sends spans to the collector of the flag, or else to that of the variables of OpenTelemetry. Sends none if neither
    /// names a collector, or if a variable turns spans off. Must be called in a runtime. Does not connect yet.
    pub fn open(flag: Option<&CollectorUrl>) -> Result<Spans, CollectorError> {
        let Some(settings) = variables::read(flag)? else { return Ok(Spans::default()) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new(settings.timeout))
            // A variable for another protocol must not choose it.
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(settings.url.traces())
            .with_timeout(EXPORT_TIME)
            .build()
            // The error may quote a variable, and a variable may hold a secret.
            .map_err(|_| CollectorError::Library)?;
        let resource = Resource::builder();
        // A name of the service in a variable wins over the default.
        let resource = if settings.has_name { resource } else { resource.with_service_name("portdesk") };
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.with_attribute(version).build())
            .build();
        let tracer = provider.tracer("portdesk");
        Ok(Spans { export: Some((provider, tracer)) })
    }

    /// Whether spans go to a collector.
    #[must_use]
    pub fn are_exported(&self) -> bool {
        self.export.is_some()
    }

    /// Sends the spans that are in the queue, and waits until the collector has them. Call this from a thread that may block.
    pub fn send(&self) {
        let sent = self.export.as_ref().map(|(provider, _)| provider.force_flush());
        if let Some(Err(_)) = sent {
            warn!("spans could not be sent");
        }
    }

    /// Sends the spans that are left, and gives up after the time `within`. Blocks.
    pub fn flush(&self, within: Duration) {
        let Some((provider, _)) = &self.export else { return };
        if let Err(error) = provider.shutdown_with_timeout(within) {
            let reason = match error {
                OTelSdkError::AlreadyShutdown => "it was stopped before",
                OTelSdkError::InternalFailure(_) => "the library failed",
                OTelSdkError::Timeout(_) => "the collector is too slow",
            };
            warn!(reason, "the last spans could not be sent");
        }
    }

    pub(super) fn request(
        &self,
        caller: Option<SpanContext>,
        method: &'static str,
        request_id: &str,
    ) -> RequestSpan {
        let context = self.export.as_ref().map(|(_, tracer)| {
            let outside =
                caller.map_or_else(Context::new, |caller| Context::new().with_remote_span_context(caller));
            let span = SpanBuilder::from_name(method).with_kind(SpanKind::Server).with_attributes([
                KeyValue::new("http.request.method", method),
                KeyValue::new("portdesk.request_id", request_id.to_owned()),
            ]);
            Context::new().with_span(tracer.build_with_context(span, &outside))
        });
        RequestSpan { context, method }
    }

    /// Begins a span that belongs to the request of the current task, see [`RequestSpan::within`].
    pub(super) fn call(&self, verb: Verb) -> CallSpan {
        let span = self.export.as_ref().map(|(_, tracer)| {
            let operation = KeyValue::new("db.operation.name", verb.as_str());
            let span = SpanBuilder::from_name(format!("store {}", verb.as_str()));
            tracer.build(span.with_kind(SpanKind::Client).with_attributes([operation]))
        });
        CallSpan { span }
    }
}

impl RequestSpan {
    pub(super) async fn within<F: Future>(&self, part: F) -> F::Output {
        match &self.context {
            Some(context) => part.with_context(context.clone()).await,
            None => part.await,
        }
    }

    pub(super) fn end(&self, operation: &str, status: StatusCode, refusal: Option<&'static str>) {
        let Some(context) = &self.context else { return };
        let span = context.span();
        span.update_name(format!("{} {operation}", self.method));
        span.set_attribute(KeyValue::new("portdesk.operation", operation.to_owned()));
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        if let Some(reason) = refusal {
            span.set_attribute(KeyValue::new("portdesk.refusal", reason));
        }
        if status.is_server_error() {
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

impl CallSpan {
    pub(super) fn end(&mut self, outcome: Outcome) {
        let Some(span) = &mut self.span else { return };
        span.set_attribute(KeyValue::new("portdesk.outcome", outcome.as_str()));
        if outcome.is_failure() {
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

/// Why spans cannot be sent as the settings demand.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// The library cannot be set up; a variable of its own may be in the way.
    #[error("--otlp-endpoint: spans cannot be sent; look for OTEL_ variables that are wrong")]
    Library,
    /// A variable of OpenTelemetry is malformed, or asks for something that the host does not support.
    #[error("{0}: {1}")]
    Variable(String, String),
}

/// The time for all attempts to send one batch.
const EXPORT_TIME: Duration = Duration::from_secs(5);
