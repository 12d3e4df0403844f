//! `/v1/items`: the items of a space, as the store has them.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::Refusal;
use super::answer::{self, Answer};
use super::asked::Asked;
use super::search::Search;
use super::state::computed;
use crate::backend::Item;
use crate::journal::{Event, Filter};
use crate::space::MAIN;
use crate::state;

/// Lists items, the newest first: by the field that orders the first index of the schema. `find` looks for a text in all values,
/// and `facet` counts the values of a field, of which `value` selects one.
pub(super) async fn list(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    let query = asked.query(&["space", "after", "limit", "find", "facet", "value"])?;
    let limit = query.parsed::<usize>("limit", "a number")?.unwrap_or(ITEMS_LIMIT);
    if !(1..=ITEMS_LIMIT).contains(&limit) {
        return Err(Refusal::Malformed(format!("`limit`: write a number from 1 to {ITEMS_LIMIT}")));
    }
    let order = asked.spaces.schema().indexes.first().map(|index| index.order.as_str());
    let search = Search::new(&query, limit, order);
    let items = asked.space(&query)?.items().await?;
    let page = computed(move || search.page(&items)).await?;
    Ok(answer::json(StatusCode::OK, &page))
}

/// One item, and the calls that read or wrote it.
pub(super) async fn one(asked: &Asked<'_>, key: &str) -> Result<Answer, Refusal> {
    let query = asked.query(&["space"])?;
    let space = asked.space(&query)?;
    let item = if &*space.name == MAIN {
        asked.pipeline.backend.get(key).await?
    } else {
        space.items().await?.into_iter().find(|item| item.key == key)
    };
    let item = item.ok_or_else(|| Refusal::Missing("there is no item with this key".to_owned()))?;
    let (name, key) = (space.name.to_string(), key.to_owned());
    let filter = Filter { space: Some(name), item: Some(key), ..Filter::default() };
    let journal = asked.spaces.journal.clone();
    computed(move || {
        let calls: Vec<Event> = journal.calls(&filter).into_iter().map(Event::Call).collect();
        answer::json(StatusCode::OK, &json!({"item": value(&item), "calls": calls}))
    })
    .await
}

/// An item as the export shows it, with its version.
pub(super) fn value(item: &Item) -> Value {
    let mut value = state::value(item);
    if let Value::Object(members) = &mut value {
        members.insert("version".to_owned(), item.version.into());
    }
    value
}

/// The most items of a page.
const ITEMS_LIMIT: usize = 100;
