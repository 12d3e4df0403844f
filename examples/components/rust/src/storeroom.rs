//! The four operations. Each makes as few calls of the store as possible.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use crate::article::{self, Article, MOVES, NewArticle, NewMove, Page, SHELF_INDEX};
use crate::bindings::portdesk::desk::key_value::{
    self, Append, Change, Entry, IndexQuery, InsertOutcome, Item, UpdateOutcome,
};

/// Adds an article. A repeat of a request that got no answer is told that the article is there.
pub(crate) fn add(new: NewArticle, request_id: &str) -> Result<Article, Error> {
    name(&new.number, "number")?;
    name(&new.shelf, "shelf")?;
    if !(1..=100).contains(&new.name.chars().count()) {
        return Err(Error::Invalid("`name` has to have 1 to 100 characters.".into()));
    }
    if !(0..=MOST).contains(&new.pieces) {
        return Err(Error::Invalid(format!("`pieces` has to be 0 to {MOST}.")));
    }
    let (now, pieces) = (now(), new.pieces.to_string());
    let fields = [
        ("name", new.name),
        ("shelf", new.shelf),
        ("pieces", pieces),
        ("added_at", now.clone()),
        ("changed_at", now),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    match key_value::insert(&new.number, &fields, request_id)? {
        InsertOutcome::Inserted(version) => {
            Item { key: new.number, version, fields: fields.to_vec(), lists: vec![] }.try_into()
        }
        InsertOutcome::Repeated(item) => item.try_into(),
        InsertOutcome::Exists(_) => Err(Error::Conflict("There is an article with this number.")),
    }
}

pub(crate) fn get(number: &str) -> Result<Article, Error> {
    item(number)?.try_into()
}

/// A page of the articles on a shelf.
pub(crate) fn list(shelf: &str, cursor: Option<String>) -> Result<Page, Error> {
    name(shelf, "shelf")?;
    let query = IndexQuery { index: SHELF_INDEX.to_owned(), value: shelf.to_owned(), limit: 50, cursor };
    let page = key_value::query(&query)?;
    let articles = page.items.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
    Ok(Page { articles, next_cursor: page.cursor })
}

/// Takes pieces away or brings some. The change names the version that it was computed from: if another change was faster,
/// it is computed again, so that two clients never take the same piece.
pub(crate) fn move_pieces(number: &str, new: NewMove, key: Option<String>) -> Result<Article, Error> {
    if new.pieces.abs() > MOST {
        return Err(Error::Invalid(format!("`pieces` has to be -{MOST} to {MOST}.")));
    }
    if new.reason.as_ref().is_some_and(|reason| reason.chars().count() > 200) {
        return Err(Error::Invalid("`reason` has to have at most 200 characters.".into()));
    }
    let id = match key {
        Some(key) if (1..=64).contains(&key.len()) => key,
        Some(_) => return Err(Error::Invalid("`Idempotency-Key` has to have 1 to 64 bytes.".into())),
        None => Uuid::new_v4().to_string(),
    };
    let mut item = item(number)?;
    for _ in 0..ATTEMPTS {
        if let Some(made) = item.lists.iter().flat_map(|list| &list.entries).find(|entry| entry.id == id) {
            return repeated(number, made, &new);
        }
        let pieces =
            article::count(&item.fields)?.checked_add(new.pieces).filter(|sum| (0..=MOST).contains(sum));
        let Some(pieces) = pieces else {
            return Err(Error::Conflict("There are not enough pieces, or too many."));
        };
        match key_value::update(number, &change(&item, &id, &new, pieces))? {
            UpdateOutcome::Updated(_) => return get(number),
            UpdateOutcome::Duplicate(made) => return repeated(number, &made, &new),
            UpdateOutcome::Stale(newer) | UpdateOutcome::Refused(newer) => item = newer,
            UpdateOutcome::Missing => return Err(Error::Missing),
            UpdateOutcome::Full => return Err(Error::Conflict("This article has had all its moves.")),
        }
    }
    Err(Error::Unavailable)
}

/// The answer to a move whose key a move of this article has already.
fn repeated(number: &str, made: &Entry, new: &NewMove) -> Result<Article, Error> {
    if article::count(&made.fields)? == new.pieces {
        return get(number);
    }
    Err(Error::Conflict("Another move has this Idempotency-Key."))
}

fn change(item: &Item, id: &str, new: &NewMove, pieces: i64) -> Change {
    let now = now();
    let mut fields = vec![("pieces".to_owned(), new.pieces.to_string()), ("at".to_owned(), now.clone())];
    fields.extend(new.reason.clone().map(|reason| ("reason".to_owned(), reason)));
    Change {
        id: Uuid::new_v4().to_string(),
        at_version: Some(item.version),
        unless: vec![],
        unless_above: vec![],
        set: vec![("pieces".to_owned(), pieces.to_string()), ("changed_at".to_owned(), now)],
        append: Some(Append {
            list: MOVES.to_owned(),
            entry: Entry { id: id.to_owned(), fields },
            max_entries: 1000,
        }),
    }
}

fn item(number: &str) -> Result<Item, Error> {
    if name(number, "number").is_err() {
        return Err(Error::Missing);
    }
    key_value::get(number)?.ok_or(Error::Missing)
}

fn name(text: &str, member: &str) -> Result<(), Error> {
    let is_name = (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_name {
        return Ok(());
    }
    Err(Error::Invalid(format!("`{member}` has to be 1 to 32 of A-Z, a-z, 0-9 and -.")))
}

/// In microseconds, so that all times have the same length and their order as text is that of time.
fn now() -> String {
    format!("{:.6}", Timestamp::now())
}

/// Why an operation failed.
#[derive(Debug)]
pub(crate) enum Error {
    Conflict(&'static str),
    Damaged,
    Invalid(String),
    Missing,
    Unavailable,
    /// The store does not know whether it has made a change.
    Unknown,
}

impl Error {
    pub(crate) fn status(&self) -> u16 {
        match self {
            Error::Invalid(_) => 400,
            Error::Missing => 404,
            Error::Conflict(_) => 409,
            Error::Damaged => 500,
            Error::Unavailable | Error::Unknown => 503,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Error::Invalid(message) => message,
            Error::Conflict(message) => message,
            Error::Missing => "There is no article with this number.",
            Error::Damaged => "What is stored cannot be read.",
            Error::Unavailable => "Try again later. Nothing was changed.",
            Error::Unknown => "It is not known whether this was done. Look before you try again.",
        })
    }
}

impl From<key_value::Error> for Error {
    fn from(error: key_value::Error) -> Error {
        match error {
            key_value::Error::Throttled(_)
            | key_value::Error::Unavailable
            | key_value::Error::Misconfigured => Error::Unavailable,
            key_value::Error::Unknown => Error::Unknown,
            key_value::Error::InvalidCursor => Error::Invalid("`cursor` is not of this shelf.".into()),
            key_value::Error::TooLarge | key_value::Error::Invalid => {
                Error::Invalid("This is too much.".into())
            }
            key_value::Error::Corrupt => Error::Damaged,
        }
    }
}

const ATTEMPTS: usize = 10;
const MOST: i64 = 1_000_000;
