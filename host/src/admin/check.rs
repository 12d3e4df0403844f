//! `POST /v1/check`: whether the calls and the items of a space are as a test expects.

use std::sync::Arc;

use hyper::StatusCode;

use super::Refusal;
use super::answer::{self, Answer};
use super::asked::Asked;
use crate::journal::Assertions;
use crate::space::MAIN;

/// Answers 200 if everything holds, and 422 with what does not hold.
pub(super) async fn check(asked: Asked<'_>) -> Result<Answer, Refusal> {
    let spaces = Arc::clone(asked.spaces);
    let assertions = Assertions::parse(&asked.bytes().await?);
    let assertions = Arc::new(assertions.map_err(|error| Refusal::Malformed(error.to_string()))?);
    let space = spaces.find(assertions.space.as_deref().unwrap_or(MAIN))?;
    let verdict = spaces.check(&space, &assertions).await?;
    let status = if verdict.is_held() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(answer::json(status, &verdict))
}
