//! The host's own pages. They need no key and never reach the component.

use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use super::{Answer, Pipeline, Reply};
use crate::door::Cors;
use crate::mcp;
use crate::telemetry::OperationLabel;

impl Pipeline {
    /// Returns the page that the request asks for, or `None` if it does not ask for a page.
    pub(super) async fn page(&self, parts: &Parts, request_id: &str) -> Option<Reply> {
        if self.door.cors.is_preflight(parts) {
            return Some(Reply::of(preflight(), OperationLabel::None));
        }
        let path = parts.uri.path();
        let answer = match path {
            mcp::PATH if parts.method != Method::POST => not_allowed("messages are sent with POST\n", "POST"),
            // A page of another origin must not be able to act for an agent.
            mcp::PATH if !self.door.cors.may_send_messages(&parts.headers) => {
                text(StatusCode::FORBIDDEN, "this origin is not allowed; list it with --cors-origin\n")
            }
            "/healthz" | "/readyz" | "/openapi.yaml" if !is_read(&parts.method) => {
                not_allowed("this page is only read\n", "GET, HEAD")
            }
            "/healthz" => text(StatusCode::OK, "ok\n"),
            "/readyz" => self.readiness(request_id).await,
            "/openapi.yaml" => page(StatusCode::OK, "application/yaml", self.contract.document.clone()),
            _ => return None,
        };
        let name = PAGES.into_iter().find(|name| path.strip_prefix('/') == Some(name)).unwrap_or("other");
        Some(Reply::of(answer, OperationLabel::Page(name)))
    }

    async fn readiness(&self, request_id: &str) -> Answer {
        if self.is_stopping() {
            return text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
        }
        if self.is_made_unready() || !self.store.is_ready(request_id).await {
            return text(StatusCode::SERVICE_UNAVAILABLE, "the store is not available\n");
        }
        if !self.door.keys.are_known() {
            return text(StatusCode::SERVICE_UNAVAILABLE, "the keys are not known yet\n");
        }
        text(StatusCode::OK, "ready\n")
    }
}

/// The names of the pages in metrics.
pub const PAGES: [&str; 4] = ["healthz", "mcp", "openapi.yaml", "readyz"];

/// The answer to a preflight request of a browser.
fn preflight() -> Answer {
    let mut answer = Response::default();
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer.headers_mut().extend(Cors::preflight());
    answer
}

fn is_read(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

fn not_allowed(reason: &'static str, allowed: &'static str) -> Answer {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, reason);
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

fn text(status: StatusCode, text: &'static str) -> Answer {
    page(status, "text/plain; charset=utf-8", Bytes::from_static(text.as_bytes()))
}

pub(super) fn page(status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
