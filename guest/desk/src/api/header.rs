//! The headers that say how to read a request and how to answer it.

use crate::api::message::{JSON, Request};
use crate::identity::IdempotencyKey;
use crate::refusal::{Fault, Issue, Refusal};

/// The media type of a problem: its own where the client names it, else the one that every client knows.
pub(crate) fn problem_type(request: &Request) -> &'static str {
    let ranges = request.header("accept").flat_map(|value| value.split(','));
    let named = ranges.map(essence).any(|media_type| media_type.eq_ignore_ascii_case(PROBLEM_JSON));
    if named { PROBLEM_JSON } else { JSON }
}

/// Refuses a body that is not declared to be JSON in UTF-8.
pub(crate) fn content_type(request: &Request) -> Result<(), Refusal> {
    let mut values = request.header("content-type");
    match (values.next(), values.next()) {
        (Some(value), None) if is_json(value) => Ok(()),
        _ => Err(Refusal::UnsupportedMediaType),
    }
}

/// The key that a client repeats a request under, if it gives one.
pub(crate) fn idempotency_key(request: &Request) -> Result<Option<IdempotencyKey>, Refusal> {
    let refusal = |fault| Refusal::Invalid([Issue::new("Idempotency-Key".into(), fault)].into());
    let mut values = request.header("idempotency-key");
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(refusal(Fault::RepeatedHeader)),
        (Some(key), None) => match IdempotencyKey::parse(request.principal.as_deref(), key) {
            Some(key) => Ok(Some(key)),
            None => Err(refusal(Fault::IdempotencyKey)),
        },
    }
}

fn is_json(value: &str) -> bool {
    let charset_is_utf_8 =
        value.split(';').skip(1).filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        });
    essence(value).eq_ignore_ascii_case(JSON) && charset_is_utf_8
}

/// A media type without its parameters.
fn essence(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

const PROBLEM_JSON: &str = "application/problem+json";
