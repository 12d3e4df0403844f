//! Converts attributes to and from DynamoDB's JSON: an object with the short name of a type and the value.

use items::dynamodb::{AttributeValue, Attributes};
use serde_json::{Map, Value};

/// Converts attributes to a JSON object.
pub(crate) fn object(attributes: Attributes) -> Value {
    Value::Object(attributes.into_iter().map(|(name, value)| (name, json(value))).collect())
}

/// Converts a JSON object to attributes. Returns `None` if it is not an object of typed values.
pub(crate) fn attributes(value: Value) -> Option<Attributes> {
    let Value::Object(members) = value else { return None };
    members.into_iter().map(|(name, value)| Some((name, attribute(value)?))).collect()
}

fn json(value: AttributeValue) -> Value {
    let (kind, value) = match value {
        AttributeValue::L(list) => ("L", list.into_iter().map(json).collect()),
        AttributeValue::M(map) => ("M", object(map)),
        AttributeValue::N(number) => ("N", number.into()),
        AttributeValue::Other => ("NULL", true.into()),
        AttributeValue::S(text) => ("S", text.into()),
        AttributeValue::Ss(texts) => ("SS", texts.into()),
    };
    Value::Object(Map::from_iter([(kind.to_owned(), value)]))
}

fn attribute(value: Value) -> Option<AttributeValue> {
    let Value::Object(members) = value else { return None };
    let mut members = members.into_iter();
    let (kind, value) = members.next().filter(|_| members.next().is_none())?;
    Some(match (kind.as_str(), value) {
        ("L", Value::Array(list)) => {
            AttributeValue::L(list.into_iter().map(attribute).collect::<Option<_>>()?)
        }
        ("M", map) => AttributeValue::M(attributes(map)?),
        ("N", Value::String(number)) => AttributeValue::N(number),
        ("S", Value::String(text)) => AttributeValue::S(text),
        ("SS", Value::Array(texts)) => {
            AttributeValue::Ss(texts.into_iter().map(text).collect::<Option<_>>()?)
        }
        ("B" | "BOOL" | "BS" | "NS" | "NULL", _) => AttributeValue::Other,
        (_, _) => return None,
    })
}

fn text(value: Value) -> Option<String> {
    if let Value::String(text) = value { Some(text) } else { None }
}
