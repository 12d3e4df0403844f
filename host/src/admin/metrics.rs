//! The page that a Prometheus server reads.

use hyper::StatusCode;

use super::answer::{self, Answer};
use crate::pipeline::Pipeline;

pub(super) fn page(pipeline: &Pipeline) -> Answer {
    answer::whole(StatusCode::OK, prometheus::TEXT_FORMAT, pipeline.metrics())
}
