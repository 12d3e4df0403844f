//! `/v1/snapshots`: copies of the items of a space.

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::Refusal;
use super::answer::{self, Answer};
use super::asked::Asked;
use crate::backend::SnapshotName;

/// A body that names only a space.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

pub(super) async fn list(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    let query = asked.query(&["space"])?;
    let snapshots = asked.space(&query)?.snapshots().await?;
    Ok(answer::json(StatusCode::OK, &snapshots))
}

pub(super) async fn save(asked: Asked<'_>, name: &SnapshotName) -> Result<Answer, Refusal> {
    let (space, Nothing {}) = asked.in_space().await?;
    Ok(answer::json(StatusCode::OK, &space.save(name).await?))
}

pub(super) async fn restore(asked: Asked<'_>, name: &SnapshotName) -> Result<Answer, Refusal> {
    let (space, Nothing {}) = asked.in_space().await?;
    Ok(answer::json(StatusCode::OK, &space.restore(name).await?))
}

pub(super) async fn remove(asked: &Asked<'_>, name: &SnapshotName) -> Result<Answer, Refusal> {
    let query = asked.query(&["space"])?;
    asked.space(&query)?.remove_snapshot(name).await?;
    Ok(answer::json(StatusCode::OK, &json!({"removed": name})))
}
