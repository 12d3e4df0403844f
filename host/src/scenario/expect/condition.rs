//! Conditions on one value of an answer.

use serde_json::{Map, Value};

use super::super::members::{MemberError, Members, wrong};
use super::super::variables::{VariableError, Variables, text_of};
use super::Failure;

/// A condition on a value that may be absent. Values may have variables.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Equals(Value),
    Not(Value),
    Contains(Value),
    Length(u64),
    Present(bool),
}

/// An object with one of the names of conditions is a set of conditions; any other value is the one that must be there.
pub(super) fn conditions(member: &str, value: Value) -> Result<Vec<Condition>, MemberError> {
    let Value::Object(members) = value else { return Ok(vec![Condition::Equals(value)]) };
    if !members.keys().any(|name| CONDITIONS.contains(&name.as_str())) {
        return Ok(vec![Condition::Equals(Value::Object(members))]);
    }
    let mut members = Members::of(Value::Object(members), member, &CONDITIONS)?;
    let mut read = Vec::new();
    read.extend(members.take("equals").map(Condition::Equals));
    read.extend(members.take("not").map(Condition::Not));
    read.extend(members.take("contains").map(Condition::Contains));
    if let Some(length) = members.take("length") {
        let must = || wrong(&members.path("length"), "a whole number from 0");
        read.push(Condition::Length(length.as_u64().ok_or_else(must)?));
    }
    if let Some(present) = members.take("present") {
        let must = || wrong(&members.path("present"), "true or false");
        read.push(Condition::Present(present.as_bool().ok_or_else(must)?));
    }
    Ok(read)
}

const CONDITIONS: [&str; 5] = ["equals", "not", "contains", "length", "present"];

impl Condition {
    pub(super) fn filled(&self, variables: &Variables) -> Result<Condition, VariableError> {
        Ok(match self {
            Condition::Equals(value) => Condition::Equals(variables.fill(value)?),
            Condition::Not(value) => Condition::Not(variables.fill(value)?),
            Condition::Contains(value) => Condition::Contains(variables.fill(value)?),
            Condition::Length(length) => Condition::Length(*length),
            Condition::Present(present) => Condition::Present(*present),
        })
    }

    /// The condition on a value that is always a text, such as that of a header.
    pub(super) fn on_text(self) -> Condition {
        let text = |value: Value| text_of(&value).map_or(value, Value::String);
        match self {
            Condition::Equals(value) => Condition::Equals(text(value)),
            Condition::Not(value) => Condition::Not(text(value)),
            Condition::Contains(value) => Condition::Contains(text(value)),
            Condition::Length(_) | Condition::Present(_) => self,
        }
    }

    fn holds(&self, found: Option<&Value>) -> bool {
        match self {
            Condition::Equals(wanted) => found == Some(wanted),
            Condition::Not(unwanted) => found != Some(unwanted),
            Condition::Contains(part) => found.is_some_and(|found| contains(found, part)),
            Condition::Length(wanted) => found.and_then(length) == Some(*wanted),
            Condition::Present(wanted) => found.is_some() == *wanted,
        }
    }

    fn wanted(&self) -> String {
        match self {
            Condition::Equals(value) => shown(value),
            Condition::Not(value) => format!("not {}", shown(value)),
            Condition::Contains(value) => format!("something that contains {}", shown(value)),
            Condition::Length(length) => format!("a length of {length}"),
            Condition::Present(true) => "present".to_owned(),
            Condition::Present(false) => "absent".to_owned(),
        }
    }

    /// What is said about a value that does not meet the condition.
    fn found(&self, found: Option<&Value>) -> String {
        match (self, found) {
            (_, None) => "absent".to_owned(),
            (Condition::Length(_), Some(found)) => match length(found) {
                Some(length) => format!("a length of {length}"),
                None => format!("{}, which has no length", shown(found)),
            },
            (_, Some(found)) => shown(found),
        }
    }
}

/// The conditions, with the values of their variables, that a value does not meet.
pub(super) fn unmet(
    conditions: impl Iterator<Item = Result<Condition, VariableError>>,
    what: &str,
    found: Option<&Value>,
    nearest: impl Fn() -> Option<String>,
) -> Result<Vec<Failure>, VariableError> {
    let mut failures = Vec::new();
    for condition in conditions {
        let condition = condition?;
        if condition.holds(found) {
            continue;
        }
        let mut failure = Failure::new(what, condition.wanted(), condition.found(found));
        failure.nearest = match (&condition, found) {
            (Condition::Equals(wanted), Some(found)) => difference(wanted, found, ""),
            _ => nearest(),
        };
        failures.push(failure);
    }
    Ok(failures)
}

fn contains(found: &Value, part: &Value) -> bool {
    match (found, part) {
        (Value::String(found), Value::String(part)) => found.contains(part.as_str()),
        (Value::Array(found), part) => found.contains(part),
        (Value::Object(found), Value::Object(part)) => {
            part.iter().all(|(name, value)| found.get(name) == Some(value))
        }
        _ => false,
    }
}

fn length(value: &Value) -> Option<u64> {
    Some(match value {
        Value::Array(values) => values.len() as u64,
        Value::Object(members) => members.len() as u64,
        Value::String(text) => text.chars().count() as u64,
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    })
}

/// The first place at which two lists or objects differ. `None` for values without parts.
fn difference(wanted: &Value, found: &Value, at: &str) -> Option<String> {
    let differs = |place: String, wanted: Option<&Value>, found: Option<&Value>| {
        let show = |value: Option<&Value>| value.map_or("absent".to_owned(), shown);
        let inner = wanted.zip(found).and_then(|(wanted, found)| difference(wanted, found, &place));
        inner.unwrap_or_else(|| format!("{place} is {}, wanted {}", show(found), show(wanted)))
    };
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            let mut names = wanted.keys().chain(found.keys());
            let name = names.find(|name| wanted.get(*name) != found.get(*name))?;
            Some(differs(format!("{at}/{}", escaped(name)), wanted.get(name), found.get(name)))
        }
        (Value::Array(wanted), Value::Array(found)) => {
            let mut places = 0..wanted.len().max(found.len());
            let place = places.find(|place| wanted.get(*place) != found.get(*place))?;
            Some(differs(format!("{at}/{place}"), wanted.get(place), found.get(place)))
        }
        _ => None,
    }
}

/// What there is at the last part of a pointer that exists.
pub(super) fn nearest(body: &Value, pointer: &str) -> Option<String> {
    let mut place = pointer;
    while let Some((parent, _)) = place.rsplit_once('/') {
        place = parent;
        let Some(value) = body.pointer(parent) else { continue };
        let at = if parent.is_empty() { "the body" } else { parent };
        return Some(match value {
            Value::Object(members) => format!("{at} has the members {}", list(members)),
            Value::Array(values) => format!("{at} has {} entries", values.len()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                format!("{at} is {}", shown(value))
            }
        });
    }
    None
}

fn list(members: &Map<String, Value>) -> String {
    clipped(&members.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn shown(value: &Value) -> String {
    clipped(&value.to_string())
}

/// As much of a text as a failure shows.
fn clipped(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// A few lines of a terminal.
const SHOWN_CHARACTERS: usize = 300;
