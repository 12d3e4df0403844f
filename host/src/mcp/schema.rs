//! Schemas of a contract as agents get them: JSON Schema 2020-12, without what costs an agent's context and helps it little.

use serde_json::{Map, Value};

/// The schema of an argument. Patterns are left out, because some models refuse them; the component checks values anyway.
/// Fails if the schema contains itself.
pub(super) fn input(schema: &Value) -> Result<Value, String> {
    if has_reference(schema) {
        return Err(
            "a schema of its arguments contains itself, or refers to something outside of the contract"
                .to_owned(),
        );
    }
    Ok(without(schema, &[&NEVER, &["pattern"]]))
}

/// The schema of an answer: names and types only. `None` if the schema contains itself.
pub(super) fn output(schema: &Value) -> Option<Value> {
    (!has_reference(schema)).then(|| without(schema, &[&NEVER, &TEXTS]))
}

/// Whether a reference is left that `contract` could not resolve.
fn has_reference(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => {
            members.get("$ref").is_some_and(Value::is_string) || members.values().any(has_reference)
        }
        Value::Array(items) => items.iter().any(has_reference),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether `null` is a value of an argument with this schema, which [`input`] returned.
pub(super) fn is_nullable(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|name| name == "null"),
        Some(Value::String(name)) => name == "null",
        _ => schema.get("enum").and_then(Value::as_array).is_some_and(|values| values.contains(&Value::Null)),
    }
}

/// Copies a schema without these keywords, and converts those of OpenAPI 3.0.
fn without(schema: &Value, left_out: &[&[&str]]) -> Value {
    let Value::Object(schema) = schema else { return schema.clone() };
    let mut copy = Map::new();
    for (keyword, value) in schema {
        let is_extension = keyword.starts_with("x-");
        if is_extension || left_out.iter().any(|names| names.contains(&keyword.as_str())) {
            continue;
        }
        let value = match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "$defs", Value::Object(members)) => members
                .iter()
                .map(|(name, member)| (name.clone(), without(member, left_out)))
                .collect::<Map<_, _>>()
                .into(),
            ("items" | "additionalProperties" | "not", value) => without(value, left_out),
            ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                schemas.iter().map(|schema| without(schema, left_out)).collect::<Vec<_>>().into()
            }
            (_, value) => value.clone(),
        };
        copy.insert(keyword.clone(), value);
    }
    if schema.get("nullable") == Some(&Value::Bool(true)) {
        allow_null(&mut copy);
    }
    for (exclusive, limit) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match copy.get(exclusive) {
            Some(Value::Bool(true)) => {
                if let Some(limit) = copy.remove(limit) {
                    copy.insert(exclusive.to_owned(), limit);
                }
            }
            Some(Value::Bool(false)) => {
                copy.remove(exclusive);
            }
            _ => {}
        }
    }
    copy.into()
}

fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(Value::String(name)) = schema.get("type") {
        let types = vec![Value::from(name.clone()), Value::from("null")];
        schema.insert("type".to_owned(), types.into());
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
}

/// Keywords of OpenAPI that JSON Schema does not have, and examples, which some clients send as they are.
const NEVER: [&str; 9] = [
    "nullable",
    "example",
    "examples",
    "xml",
    "externalDocs",
    "discriminator",
    "deprecated",
    "readOnly",
    "writeOnly",
];
/// Keywords that an agent does not need to read an answer.
const TEXTS: [&str; 12] = [
    "pattern",
    "description",
    "title",
    "format",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "default",
    "additionalProperties",
];
