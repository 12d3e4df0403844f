//! The host's own pages. They need no key and never reach the component.

use std::sync::atomic::Ordering;

use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use tracing::warn;

use super::{Answer, Walk};

impl Walk {
    /// The page that this request asks for, if it asks for one.
    pub(super) async fn page(&self, parts: &Parts) -> Option<Answer> {
        let page = match parts.uri.path() {
            "/healthz" | "/readyz" | "/openapi.yaml" if !is_read(&parts.method) => not_allowed(),
            "/healthz" => text(StatusCode::OK, "ok\n"),
            "/readyz" => self.readiness().await,
            "/openapi.yaml" => page(StatusCode::OK, "application/yaml", self.contract.clone()),
            _ => return None,
        };
        Some(page)
    }

    async fn readiness(&self) -> Answer {
        if self.stopping.load(Ordering::Relaxed) {
            return text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
        }
        match self.backend.check().await {
            Ok(()) => text(StatusCode::OK, "ready\n"),
            Err(error) => {
                warn!(%error, "not ready");
                text(StatusCode::SERVICE_UNAVAILABLE, "the store is not available\n")
            }
        }
    }
}

fn is_read(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

fn not_allowed() -> Answer {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "this page is only read\n");
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    answer
}

fn text(status: StatusCode, text: &'static str) -> Answer {
    page(status, "text/plain; charset=utf-8", Bytes::from_static(text.as_bytes()))
}

fn page(status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
