//! Replaces `spans` in a host that is built without the feature `otlp`. Sends nothing.

use std::time::Duration;

use hyper::StatusCode;

use super::{Outcome, Traceparent, Verb};

/// Sends no spans.
#[derive(Debug, Default)]
pub struct Spans;

#[derive(Debug)]
pub(super) struct RequestSpan;

#[derive(Debug)]
pub(super) struct CallSpan;

/// Returns the future unchanged.
pub fn continued<F: Future>(part: F) -> F {
    part
}

impl Spans {
    /// Does nothing, because there is nothing to send.
    pub fn flush(&self, _within: Duration) {}

    #[expect(clippy::unused_self, reason = "as in `spans`")]
    pub(super) fn request(&self, _: Option<Traceparent>, _: &'static str, _: &str) -> RequestSpan {
        RequestSpan
    }

    #[expect(clippy::unused_self, reason = "as in `spans`")]
    pub(super) fn call(&self, _: Verb) -> CallSpan {
        CallSpan
    }
}

impl RequestSpan {
    pub(super) async fn within<F: Future>(&self, part: F) -> F::Output {
        part.await
    }

    #[expect(clippy::unused_self, reason = "as in `spans`")]
    pub(super) fn end(&self, _: &str, _: StatusCode, _: Option<&'static str>) {}
}

impl CallSpan {
    #[expect(clippy::unused_self, reason = "as in `spans`")]
    pub(super) fn end(&mut self, _: Outcome) {}
}
