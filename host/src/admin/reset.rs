//! `POST /v1/reset`: begins a space again.

use hyper::StatusCode;
use serde_json::json;

use super::Refusal;
use super::answer::{self, Answer};
use super::asked::Asked;
use crate::space::Reset;

pub(super) async fn reset(asked: Asked<'_>) -> Result<Answer, Refusal> {
    let (space, reset) = asked.in_space::<Reset>().await?;
    let done = space.reset(&reset).await?;
    let done = json!({"space": space.name, "before": done.before, "took_ms": done.took_ms});
    Ok(answer::json(StatusCode::OK, &done))
}
