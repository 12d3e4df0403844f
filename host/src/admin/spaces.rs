//! `/v1/spaces`: worlds of their own for tests.

use std::sync::Arc;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::Refusal;
use super::answer::{self, Answer};
use super::asked::Asked;
use super::clock;
use crate::space::{NewSpace, Space};

pub(super) fn list(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    asked.query(&[])?;
    Ok(answer::json(StatusCode::OK, &json!({"spaces": all(asked)})))
}

/// All spaces, each with what it is set to.
pub(super) fn all(asked: &Asked<'_>) -> Vec<Value> {
    asked.spaces.all().iter().map(|space| shown(space)).collect()
}

/// Makes a space. Its keys are shown only now.
pub(super) async fn create(asked: Asked<'_>) -> Result<Answer, Refusal> {
    let spaces = Arc::clone(asked.spaces);
    let made = spaces.create(asked.json::<NewSpace>().await?).await?;
    let keys: Map<String, Value> = made.keys.into_iter().map(|(client, key)| (client, key.into())).collect();
    Ok(answer::json(StatusCode::CREATED, &json!({"name": made.name, "keys": keys})))
}

pub(super) fn remove(asked: &Asked<'_>, name: &str) -> Result<Answer, Refusal> {
    asked.query(&[])?;
    asked.spaces.remove(name)?;
    Ok(answer::json(StatusCode::OK, &json!({"removed": name})))
}

fn shown(space: &Space) -> Value {
    json!({
        "name": space.name,
        "clock": clock::shown(space),
        "seed": space.chance.seed(),
        "deterministic": space.chance.is_deterministic(),
        "faults": space.faults.rules().len(),
        "has_contents": space.has_contents(),
    })
}
