//! Parses the query of a request.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::api::message::Request;
use crate::api::percent;
use crate::desk::RecentTickets;
use crate::refusal::{Issue, IssueKind, Refusal};
use crate::ticket::CallerId;

/// Refuses all parameters. Only the list operation has parameters.
pub(crate) fn none(request: &Request) -> Result<(), Refusal> {
    let issues: Vec<_> =
        pairs(request)?.into_iter().map(|(name, _)| Issue::new(name, IssueKind::UnknownParameter)).collect();
    if issues.is_empty() { Ok(()) } else { Err(Refusal::Invalid(issues)) }
}

/// Parses the parameters of the list operation.
pub(crate) fn list(request: &Request) -> Result<RecentTickets, Refusal> {
    let mut issues = Vec::new();
    let (mut caller, mut limit, mut cursor) = (None, None, None);
    for (name, value) in pairs(request)? {
        let slot = match name.as_str() {
            "caller" => &mut caller,
            "limit" => &mut limit,
            "cursor" => &mut cursor,
            _ => {
                issues.push(Issue::new(name, IssueKind::UnknownParameter));
                continue;
            }
        };
        if slot.replace(value).is_some() {
            issues.push(Issue::new(name, IssueKind::RepeatedParameter));
        }
    }
    let mut read = |name: &str, kind: IssueKind| issues.push(Issue::new(name.into(), kind));
    let limit = limit.map_or(Ok(DEFAULT_LIMIT), |limit| parse_limit(&limit)).map_err(|f| read("limit", f));
    let cursor = cursor.map(parse_cursor).transpose().map_err(|kind| read("cursor", kind));
    let caller = caller.ok_or(IssueKind::MissingParameter);
    let caller = caller.and_then(|caller| CallerId::parse(caller).map_err(IssueKind::Text));
    match (caller.map_err(|kind| read("caller", kind)), limit, cursor) {
        (Ok(caller), Ok(limit), Ok(cursor)) if issues.is_empty() => {
            Ok(RecentTickets { caller, limit, cursor })
        }
        _ => Err(Refusal::Invalid(issues)),
    }
}

/// Returns the value of the `Link` header for the next page.
pub(crate) fn next_link(list: &RecentTickets, cursor: &str) -> String {
    let (caller, limit) = (percent::encode(list.caller.as_str()), list.limit);
    format!("</tickets?caller={caller}&limit={limit}&cursor={}>; rel=\"next\"", percent::encode(cursor))
}

/// Returns the decoded names and values. As in an HTML form, a `+` is a space.
fn pairs(request: &Request) -> Result<Vec<(String, String)>, Refusal> {
    let query = request.query.as_deref().unwrap_or_default();
    let decode = |text: &str| Some(percent::decode(&text.replace('+', " "))?.into_owned());
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| decode(name).zip(decode(value)).ok_or(Refusal::MalformedQuery))
        .collect()
}

fn parse_limit(text: &str) -> Result<u32, IssueKind> {
    // Only digits are allowed; `parse` would accept a sign too.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let limit = if digits { text.parse().ok() } else { None };
    limit.filter(|limit| (1..=100).contains(limit)).ok_or(IssueKind::Limit)
}

fn parse_cursor(text: String) -> Result<String, IssueKind> {
    if (1..=512).contains(&text.chars().count()) { Ok(text) } else { Err(IssueKind::Cursor) }
}

const DEFAULT_LIMIT: u32 = 10;
