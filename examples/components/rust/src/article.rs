//! An article, as clients see it and as the store keeps it.

use serde::{Deserialize, Serialize};

use crate::bindings::exports::portdesk::desk::schema::{CollectionSchema, Index, ListSchema};
use crate::bindings::portdesk::desk::key_value::{Entry, Item, Summary};
use crate::storeroom::Error;

pub(crate) const SHELF_INDEX: &str = "by-shelf";
pub(crate) const MOVES: &str = "moves";

/// A store builds the index from this.
pub(crate) fn collection() -> CollectionSchema {
    CollectionSchema {
        key_field: "number".to_owned(),
        listed: ["name", "shelf", "pieces", "added_at", "changed_at"].map(str::to_owned).to_vec(),
        lists: vec![ListSchema { name: MOVES.to_owned(), id_field: "move_id".to_owned() }],
        indexes: vec![Index {
            name: SHELF_INDEX.to_owned(),
            partition: "shelf".to_owned(),
            order: "added_at".to_owned(),
            optional: false,
        }],
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewArticle {
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) shelf: String,
    pub(crate) pieces: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMove {
    pub(crate) pieces: i64,
    pub(crate) reason: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Article {
    pub(crate) number: String,
    name: String,
    shelf: String,
    pub(crate) pieces: i64,
    added_at: String,
    changed_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    moves: Option<Vec<Move>>,
}

#[derive(Serialize)]
struct Move {
    move_id: String,
    pieces: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    at: String,
}

#[derive(Serialize)]
pub(crate) struct Page {
    pub(crate) articles: Vec<Article>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

impl TryFrom<Item> for Article {
    type Error = Error;

    fn try_from(item: Item) -> Result<Article, Error> {
        let entries = item.lists.into_iter().filter(|list| list.name == MOVES).flat_map(|list| list.entries);
        let moves = entries.map(made).collect::<Result<_, _>>()?;
        Ok(Article { moves: Some(moves), ..article(item.key, &item.fields)? })
    }
}

impl TryFrom<Summary> for Article {
    type Error = Error;

    fn try_from(summary: Summary) -> Result<Article, Error> {
        article(summary.key, &summary.fields)
    }
}

fn article(number: String, fields: &[(String, String)]) -> Result<Article, Error> {
    Ok(Article {
        number,
        name: value(fields, "name")?,
        shelf: value(fields, "shelf")?,
        pieces: count(fields)?,
        added_at: value(fields, "added_at")?,
        changed_at: value(fields, "changed_at")?,
        moves: None,
    })
}

fn made(entry: Entry) -> Result<Move, Error> {
    let fields = &entry.fields;
    let (pieces, at) = (count(fields)?, value(fields, "at")?);
    Ok(Move { move_id: entry.id, pieces, reason: value(fields, "reason").ok(), at })
}

pub(crate) fn count(fields: &[(String, String)]) -> Result<i64, Error> {
    value(fields, "pieces")?.parse().map_err(|_| Error::Damaged)
}

fn value(fields: &[(String, String)], name: &str) -> Result<String, Error> {
    let found = fields.iter().find(|(field, _)| field == name);
    found.map(|(_, value)| value.clone()).ok_or(Error::Damaged)
}
