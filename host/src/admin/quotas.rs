//! `GET /v1/quotas`: what is left of the quotas of a space's clients. Reading it uses nothing.

use hyper::StatusCode;
use serde_json::json;

use super::Refusal;
use super::answer::{self, Answer};
use super::asked::Asked;

pub(super) async fn list(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    let query = asked.query(&["space"])?;
    let space = asked.space(&query)?;
    let quotas = space.usage.left().await?;
    Ok(answer::json(StatusCode::OK, &json!({"space": space.name, "quotas": quotas})))
}
