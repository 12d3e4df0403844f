//! `/v1/clock`: the clock of a space.

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Refusal;
use super::answer::{self, Answer};
use super::asked::Asked;
use crate::clock::ClockSetting;
use crate::journal::MarkKind;
use crate::space::Space;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    /// A duration of ISO 8601, such as `PT1H`.
    by: String,
}

pub(super) fn show(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    let query = asked.query(&["space"])?;
    let space = asked.space(&query)?;
    Ok(answer::json(StatusCode::OK, &shown(&space)))
}

pub(super) async fn set(asked: Asked<'_>) -> Result<Answer, Refusal> {
    let (space, setting) = asked.in_space::<ClockSetting>().await?;
    space.clock.set(&setting)?;
    let clock = shown(&space);
    space.mark(MarkKind::Clock, "the clock was set", clock.clone());
    Ok(answer::json(StatusCode::OK, &clock))
}

pub(super) async fn advance(asked: Asked<'_>) -> Result<Answer, Refusal> {
    let (space, Advance { by }) = asked.in_space().await?;
    space.clock.advance(&by)?;
    let clock = shown(&space);
    space.mark(MarkKind::Clock, &format!("the clock was moved by {by}"), clock.clone());
    Ok(answer::json(StatusCode::OK, &clock))
}

/// The setting of the clock, with the time that it shows.
pub(super) fn shown(space: &Space) -> Value {
    let ClockSetting { mode, at, step_ms } = space.clock.setting();
    json!({"space": space.name, "mode": mode, "at": at, "step_ms": step_ms})
}
