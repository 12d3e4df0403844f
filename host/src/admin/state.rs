//! `/v1/state`: all items of a space as text, as a hash, and as the difference between two states.

use std::sync::Arc;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::json;
use tokio::task::spawn_blocking;

use super::Refusal;
use super::answer::{self, Answer};
use super::asked::Asked;
use crate::backend::{Item, SnapshotName};
use crate::space::{MAIN, Spaces};
use crate::state::{self, Ignored};

/// All items, one line of JSON for each.
pub(super) async fn export(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    let query = asked.query(&["space", "format"])?;
    if query.text("format").is_some_and(|format| format != "ndjson") {
        return Err(Refusal::Malformed("`format`: write ndjson".to_owned()));
    }
    let items = asked.space(&query)?.items().await?;
    let text = computed(move || items.iter().map(state::line).collect::<String>()).await?;
    Ok(answer::whole(StatusCode::OK, "application/x-ndjson", text))
}

pub(super) async fn hash(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    let query = asked.query(&["space", "ignore", "lists", "keys"])?;
    let ignored = Ignored {
        fields: query.list("ignore"),
        lists: query.word("lists")?.unwrap_or_default(),
        keys: query.word("keys")?.unwrap_or_default(),
    };
    let items = asked.space(&query)?.items().await?;
    let count = items.len();
    let hash = computed(move || state::hash(&items, &ignored)).await?;
    Ok(answer::json(StatusCode::OK, &json!({"hash": hash, "items": count})))
}

/// Two states to compare.
#[derive(Debug, Deserialize)]
struct Compared {
    from: Place,
    to: Place,
    #[serde(flatten)]
    ignored: Ignored,
}

/// Where a state is: a space now, or a snapshot of a space.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Place {
    Space(String),
    Part(Part),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    #[serde(default)]
    space: Option<String>,
    #[serde(default)]
    snapshot: Option<SnapshotName>,
}

pub(super) async fn diff(asked: Asked<'_>) -> Result<Answer, Refusal> {
    let spaces = Arc::clone(asked.spaces);
    let Compared { from, to, ignored } = asked.json().await?;
    let (from, to) = (from.items(&spaces).await?, to.items(&spaces).await?);
    let difference = computed(move || state::diff(&from, &to, &ignored)).await?;
    let equal = difference.is_empty();
    Ok(answer::json(StatusCode::OK, &json!({"equal": equal, "difference": difference})))
}

impl Place {
    async fn items(self, spaces: &Spaces) -> Result<Vec<Item>, Refusal> {
        let Part { space, snapshot } = match self {
            Place::Space(space) => Part { space: Some(space), snapshot: None },
            Place::Part(part) => part,
        };
        let space = spaces.find(space.as_deref().unwrap_or(MAIN))?;
        Ok(match snapshot {
            Some(snapshot) => space.items_of(&snapshot).await?,
            None => space.items().await?,
        })
    }
}

/// What a thread computes that may take some time.
pub(super) async fn computed<T: Send + 'static>(
    compute: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    // It fails only if it panics, which is logged.
    spawn_blocking(compute).await.map_err(|_| Refusal::Failed)
}
