//! One condition on one value.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A condition on the value that a JSON pointer finds.
///
/// A text, a number, `true`, `false`, `null` or an array is written as it is and means equality. An object has exactly one
/// of `equals` (any value), `contains` (a text) and `present` (`true` or `false`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Condition {
    /// The value is equal. Numbers are equal if their values are: `1` and `1.0`.
    Equals(Value),
    /// The value is a text with this text in it, or an array with this text among its elements.
    Contains(String),
    /// There is a value, or there is none.
    Present(bool),
}

impl Condition {
    /// Whether the condition holds.
    pub(super) fn holds(&self, found: Option<&Value>) -> bool {
        match (self, found) {
            (Condition::Present(wanted), found) => found.is_some() == *wanted,
            (Condition::Equals(wanted), Some(found)) => equal(wanted, found),
            (Condition::Contains(part), Some(Value::String(text))) => text.contains(part),
            (Condition::Contains(part), Some(Value::Array(elements))) => {
                elements.iter().any(|element| element.as_str() == Some(part))
            }
            (Condition::Contains(_) | Condition::Equals(_), _) => false,
        }
    }

    /// States how what was found differs, as in `open, wanted resolved`.
    pub(super) fn difference(&self, found: Option<&Value>) -> String {
        // Without quotes a text reads better. With them, "3" and 3 can be told apart.
        let is_plain = matches!(
            (self, found),
            (Condition::Equals(Value::String(_)) | Condition::Contains(_), Some(Value::String(_)))
        );
        let shown = |value: &Value| {
            let plain = value.as_str().filter(|_| is_plain);
            plain.map_or_else(|| shortened(&value.to_string()), shortened)
        };
        let found = found.map_or_else(|| "nothing".to_owned(), shown);
        match self {
            Condition::Equals(wanted) => format!("{found}, wanted {}", shown(wanted)),
            Condition::Contains(part) => format!("{found}, wanted a value that contains {}", shortened(part)),
            Condition::Present(true) => format!("{found}, wanted any value"),
            Condition::Present(false) => format!("{found}, wanted nothing"),
        }
    }
}

impl TryFrom<Value> for Condition {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Condition, &'static str> {
        let condition =
            if let Value::Object(members) = value { operator(members)? } else { Condition::Equals(value) };
        let is_long = match &condition {
            Condition::Equals(value) => value.to_string().len() > VALUE_LIMIT_BYTES,
            Condition::Contains(text) => text.len() > VALUE_LIMIT_BYTES,
            Condition::Present(_) => false,
        };
        if is_long { Err("a value in where has more than 4096 bytes") } else { Ok(condition) }
    }
}

fn operator(members: Map<String, Value>) -> Result<Condition, &'static str> {
    let mut members = members.into_iter();
    let (Some((name, value)), None) = (members.next(), members.next()) else { return Err(OPERATORS) };
    match (name.as_str(), value) {
        ("equals", value) => Ok(Condition::Equals(value)),
        ("contains", Value::String(part)) => Ok(Condition::Contains(part)),
        ("contains", _) => Err("contains in where must be a text"),
        ("present", Value::Bool(is_present)) => Ok(Condition::Present(is_present)),
        ("present", _) => Err("present in where must be true or false"),
        (_, _) => Err(OPERATORS),
    }
}

fn equal(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Number(wanted), Value::Number(found)) => wanted == found || wanted.as_f64() == found.as_f64(),
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len()
                && wanted.iter().zip(found).all(|(wanted, found)| equal(wanted, found))
        }
        (Value::Object(wanted), Value::Object(found)) => {
            let is_equal = |(name, wanted)| found.get(name).is_some_and(|found| equal(wanted, found));
            wanted.len() == found.len() && wanted.iter().all(is_equal)
        }
        (wanted, found) => wanted == found,
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

const OPERATORS: &str = "an object in where must have exactly one of equals, contains and present; write {\"equals\": \
                         {...}} to compare with an object";
/// The values of a request's body are seldom longer, and a failure shows them.
const VALUE_LIMIT_BYTES: usize = 4096;
/// A line of a failure.
const SHOWN_CHARS: usize = 120;
