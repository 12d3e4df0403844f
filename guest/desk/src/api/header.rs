//! The headers that say how to read a request and how to answer it.

use crate::api::message::{JSON, Request};
use crate::identity::IdempotencyKey;
use crate::refusal::{Issue, IssueKind, Refusal};

/// The media type of a problem: its own where the client names it and does not like JSON more, else the one that
/// every client knows.
pub(crate) fn problem_type(request: &Request) -> &'static str {
    match weight(request, PROBLEM_JSON) {
        Some(named) if named > 0 && named >= weight_of_json(request) => PROBLEM_JSON,
        _ => JSON,
    }
}

/// Refuses a body that is not declared to be JSON in UTF-8.
pub(crate) fn content_type(request: &Request) -> Result<(), Refusal> {
    let mut values = request.header("content-type");
    match (values.next(), values.next()) {
        (Some(value), None) if is_json(value) => Ok(()),
        _ if request.method == "PATCH" => Err(Refusal::UnsupportedMediaType { accepted: ACCEPT_PATCH }),
        _ => Err(Refusal::UnsupportedMediaType { accepted: ACCEPT_POST }),
    }
}

/// The key that a client repeats a request under, if it gives one.
pub(crate) fn idempotency_key(request: &Request) -> Result<Option<IdempotencyKey>, Refusal> {
    let refusal = |kind| Refusal::Invalid([Issue::new("Idempotency-Key".into(), kind)].into());
    let mut values = request.header("idempotency-key");
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(refusal(IssueKind::RepeatedHeader)),
        (Some(key), None) => match IdempotencyKey::parse(request.client.as_deref(), key) {
            Some(key) => Ok(Some(key)),
            None => Err(refusal(IssueKind::IdempotencyKey)),
        },
    }
}

fn is_json(value: &str) -> bool {
    let charset_is_utf_8 = parameters(value).all(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    essence(value).eq_ignore_ascii_case(JSON) && charset_is_utf_8
}

/// How much a client likes JSON: as much as the closest of the ranges says that JSON is in.
fn weight_of_json(request: &Request) -> u16 {
    let ranges = [JSON, "application/*", "*/*"];
    ranges.into_iter().find_map(|range| weight(request, range)).unwrap_or_default()
}

/// The weight in thousandths that `Accept` gives to a media range (RFC 9110, section 12.4.2). None where it does not
/// name the range; a range whose weight cannot be read is not named.
#[inline(never)] // Only refusals ask for it: their speed is worth less than a smaller component.
fn weight(request: &Request, range: &str) -> Option<u16> {
    let mut greatest = None;
    for value in request.header("accept") {
        for named in unquoted(value, ',') {
            if essence(named).eq_ignore_ascii_case(range) {
                let weight = parameters(named).find(|(name, _)| name.eq_ignore_ascii_case("q"));
                greatest = greatest.max(weight.map_or(Some(1_000), |(_, weight)| thousandths(weight)));
            }
        }
    }
    greatest
}

/// `0.5` is 500: at most three digits behind the point, and nothing above 1.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, rest) = weight.split_once('.').unwrap_or((weight, ""));
    if rest.len() > 3 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = rest.bytes().chain([b'0'; 3]).take(3);
    let rest = digits.fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
    match whole {
        "0" => Some(rest),
        "1" if rest == 0 => Some(1_000),
        _ => None,
    }
}

/// A media type without its parameters.
fn essence(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// The parameters behind a media type: names and values, the latter with their quotes.
fn parameters(value: &str) -> impl Iterator<Item = (&str, &str)> {
    let named = unquoted(value, ';').skip(1).filter_map(|parameter| parameter.split_once('='));
    named.map(|(name, value)| (name.trim(), value.trim()))
}

/// The parts between separators, of which one within quotes is text.
fn unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        let separates = c == separator && !quoted;
        let is_quote = c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        quoted ^= is_quote;
        separates
    })
}

/// The headers of an answer that say what a method takes (RFC 5789; "Linked Data Platform 1.0", section 7.1).
pub(crate) const ACCEPT_PATCH: &str = "accept-patch";
pub(crate) const ACCEPT_POST: &str = "accept-post";

const PROBLEM_JSON: &str = "application/problem+json";
