//! The page that a Prometheus server reads.

use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};

use super::Answer;
use crate::pipeline::Pipeline;

pub(super) fn page(pipeline: &Pipeline) -> Answer {
    let mut answer = Response::new(Bytes::from(pipeline.metrics()).into());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(prometheus::TEXT_FORMAT));
    answer
}
