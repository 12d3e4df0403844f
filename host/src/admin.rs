//! The private listener: pages for operators, which clients never reach.
//!
//! The listener has a port of its own. Its pages need no key, so only this machine can reach the port unless the operator
//! allows more. Each page is one line in `Admin::answer` and one module.

mod listener;
mod metrics;

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

pub use self::listener::{AdminError, AdminListener};
use crate::pipeline::Pipeline;

/// The pages of the private listener.
pub struct Admin {
    /// The pipeline that the pages report about.
    pub pipeline: Arc<Pipeline>,
}

type Answer = Response<Full<Bytes>>;

impl Admin {
    fn answer(&self, request: &Request<Incoming>) -> Answer {
        match request.uri().path() {
            "/metrics" => read_only(request.method(), || metrics::page(&self.pipeline)),
            _ => empty(StatusCode::NOT_FOUND),
        }
    }
}

/// A page that is only read.
fn read_only(method: &Method, page: impl FnOnce() -> Answer) -> Answer {
    if *method == Method::GET || *method == Method::HEAD {
        return page();
    }
    let mut answer = empty(StatusCode::METHOD_NOT_ALLOWED);
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    answer
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}
