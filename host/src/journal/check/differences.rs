//! How a call or an item differs from an assertion.

use std::cell::OnceCell;

use serde_json::Value;

use super::{CallAssertion, CountRange, ItemAssertion};
use crate::journal::{Body, Call, Via};

/// A call whose bodies are parsed when an assertion looks into them, and once.
pub(super) struct Viewed<'a> {
    pub(super) call: &'a Call,
    request: OnceCell<Option<Value>>,
    answer: OnceCell<Option<Value>>,
}

impl<'a> Viewed<'a> {
    pub(super) fn new(call: &'a Call) -> Viewed<'a> {
        Viewed { call, request: OnceCell::new(), answer: OnceCell::new() }
    }

    /// By how much the call misses the assertion; 0 if it matches. A call of another operation is further away than a call
    /// of the same operation with other values.
    pub(super) fn misses(&self, assertion: &CallAssertion) -> usize {
        let [is_operation, others @ ..] = self.members(assertion);
        let members = others.into_iter().filter(|holds| !holds).count();
        let conditions = assertion.conditions.iter();
        let values = conditions.filter(|(pointer, condition)| !condition.holds(self.look(pointer))).count();
        members + values + if is_operation { 0 } else { OTHER_OPERATION }
    }

    /// States all differences, as in `/status: open, wanted resolved`.
    pub(super) fn differences(&self, assertion: &CallAssertion) -> Vec<String> {
        let texts = self.member_differences(assertion);
        let members = self.members(assertion).into_iter().zip(texts).filter(|(holds, _)| !holds);
        let values = assertion.conditions.iter().filter_map(|(pointer, condition)| {
            let found = self.look(pointer);
            (!condition.holds(found)).then(|| {
                let note = if found.is_none() { self.why_nothing(pointer) } else { "" };
                format!("{pointer}: {}{note}", condition.difference(found))
            })
        });
        members.map(|(_, text)| text).chain(values).collect()
    }

    /// Whether operation, key, status, way and item are as wanted.
    fn members(&self, wanted: &CallAssertion) -> [bool; 5] {
        let call = self.call;
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        [
            is(&wanted.op, call.operation.as_deref()),
            is(&wanted.key, call.client.as_deref()),
            wanted.status.is_none_or(|status| call.status == Some(status)),
            wanted.via.map_or(matches!(call.via, Via::Http | Via::Mcp), |via| call.via == via),
            wanted.item.as_deref().is_none_or(|key| call.items.iter().any(|item| **item == *key)),
        ]
    }

    /// How the same members differ, if they do.
    fn member_differences(&self, wanted: &CallAssertion) -> [String; 5] {
        let call = self.call;
        let status = call.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        let text = |name, found: Option<&str>, wanted: Option<&str>| {
            format!("{name}: {}, wanted {}", found.unwrap_or("none"), wanted.unwrap_or("any"))
        };
        [
            text("op", call.operation.as_deref(), wanted.op.as_deref()),
            text("key", call.client.as_deref(), wanted.key.as_deref()),
            format!("status: {status}, wanted {}", wanted.status.unwrap_or_default()),
            text("via", Some(call.via.as_str()), Some(wanted.via.map_or("http or mcp", Via::as_str))),
            text("item", Some(&call.items.join(" ")), wanted.item.as_deref()),
        ]
    }

    fn look(&self, pointer: &str) -> Option<&Value> {
        let (part, rest) = split(pointer);
        let parsed = match part {
            Part::Request => self.request.get_or_init(|| parsed(&self.call.request.body)),
            Part::Answer => {
                self.answer.get_or_init(|| self.call.answer.as_ref().and_then(|answer| parsed(&answer.body)))
            }
        };
        parsed.as_ref()?.pointer(rest)
    }

    fn why_nothing(&self, pointer: &str) -> &'static str {
        let body = match split(pointer).0 {
            Part::Request => Some(&self.call.request.body),
            Part::Answer => self.call.answer.as_ref().map(|answer| &answer.body),
        };
        match body {
            Some(body) if body.is_truncated() => " (the journal kept only the beginning of the body)",
            Some(body) if body.length() > 0 && parsed(body).is_none() => " (the body is not JSON)",
            Some(_) | None => "",
        }
    }
}

/// By how much an item misses the assertion; 0 if it matches.
pub(super) fn item_misses(assertion: &ItemAssertion, item: &Value) -> usize {
    let conditions = assertion.conditions.iter();
    let values = conditions.filter(|(pointer, condition)| !condition.holds(look_into(item, pointer))).count();
    let lists = assertion.lists.iter().filter(|(name, range)| !range.holds(entries(item, name))).count();
    values + lists
}

/// States all differences of an item.
pub(super) fn item_differences(assertion: &ItemAssertion, item: &Value) -> Vec<String> {
    let conditions = assertion.conditions.iter();
    let values = conditions.filter_map(|(pointer, condition)| {
        let found = look_into(item, pointer);
        (!condition.holds(found)).then(|| format!("{pointer}: {}", condition.difference(found)))
    });
    let lists = assertion.lists.iter().filter_map(|(name, range): (&String, &CountRange)| {
        let found = entries(item, name);
        (!range.holds(found)).then(|| format!("lists/{name}: {found}, wanted {range}"))
    });
    values.chain(lists).collect()
}

/// The body that a pointer looks into.
enum Part {
    Request,
    Answer,
}

fn split(pointer: &str) -> (Part, &str) {
    let within = |name| pointer.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    match (within("/answer"), within("/request")) {
        (Some(rest), _) => (Part::Answer, rest),
        (None, Some(rest)) => (Part::Request, rest),
        (None, None) => (Part::Request, pointer),
    }
}

fn parsed(body: &Body) -> Option<Value> {
    if body.is_truncated() { None } else { serde_json::from_slice(body.kept()).ok() }
}

fn look_into<'v>(item: &'v Value, pointer: &str) -> Option<&'v Value> {
    let fields = item.get("fields").filter(|_| !pointer.is_empty());
    fields.and_then(|fields| fields.pointer(pointer)).or_else(|| item.pointer(pointer))
}

/// The length of a list, which is given as its entries or as a number.
fn entries(item: &Value, name: &str) -> usize {
    let list = item.get("lists").and_then(|lists| lists.get(name)).or_else(|| item.get(name));
    match list {
        Some(Value::Array(entries)) => entries.len(),
        Some(Value::Number(number)) => {
            number.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or_default()
        }
        Some(_) | None => 0,
    }
}

/// So many other differences weigh as much as another operation.
const OTHER_OPERATION: usize = 3;
