//! Parses the headers that decide how to read a request and how to answer it. It uses no library: the crate `mediatype`
//! does not parse the weights in `Accept`, so most of this module would remain.

use crate::api::message::{JSON, Request};
use crate::identity::IdempotencyKey;
use crate::refusal::{Issue, IssueKind, Refusal};

/// Returns the media type for a problem: `application/problem+json` if the client accepts it by name and does not prefer
/// JSON, otherwise `application/json`, which every client understands.
pub(crate) fn problem_type(request: &Request) -> &'static str {
    match weight(request, PROBLEM_JSON) {
        Some(named) if named > 0 && named >= weight_of_json(request) => PROBLEM_JSON,
        _ => JSON,
    }
}

/// Refuses a request whose content type is not JSON in UTF-8.
pub(crate) fn content_type(request: &Request) -> Result<(), Refusal> {
    let mut values = request.header("content-type");
    match (values.next(), values.next()) {
        (Some(value), None) if is_json(value) => Ok(()),
        _ if request.method == "PATCH" => Err(Refusal::UnsupportedMediaType { accepted: ACCEPT_PATCH }),
        _ => Err(Refusal::UnsupportedMediaType { accepted: ACCEPT_POST }),
    }
}

/// Returns the idempotency key of the request, if there is one.
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

/// Returns the weight of JSON in `Accept`. The most specific media range that includes JSON decides.
fn weight_of_json(request: &Request) -> u16 {
    let ranges = [JSON, "application/*", "*/*"];
    ranges.into_iter().find_map(|range| weight(request, range)).unwrap_or_default()
}

/// Returns the weight, in thousandths, of a media range in `Accept` (RFC 9110, section 12.4.2). Returns `None` if
/// `Accept` does not name the range. A range with an invalid weight does not count.
#[inline(never)] // Only refusals call this function: a smaller component is worth more than their speed.
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

/// Parses a weight: `0.5` is 500. A weight has at most three decimals and is at most 1.
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

/// Returns a media type without its parameters.
fn essence(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// Returns the names and values of a media type's parameters. Values keep their quotes.
fn parameters(value: &str) -> impl Iterator<Item = (&str, &str)> {
    let named = unquoted(value, ';').skip(1).filter_map(|parameter| parameter.split_once('='));
    named.map(|(name, value)| (name.trim(), value.trim()))
}

/// Splits a text at separators. A separator within quotes does not split.
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

/// The names of the headers that list the media types a method accepts (RFC 5789; "Linked Data Platform 1.0",
/// section 7.1).
pub(crate) const ACCEPT_PATCH: &str = "accept-patch";
pub(crate) const ACCEPT_POST: &str = "accept-post";

const PROBLEM_JSON: &str = "application/problem+json";
