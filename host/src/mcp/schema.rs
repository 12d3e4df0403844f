//! Schemas of a contract as agents get them: JSON Schema 2020-12, without what costs an agent's context and helps it little.

use serde_json::{Map, Value, json};

/// The schema of an argument. Patterns are left out, because some models refuse them; the component checks values anyway.
/// Fails if the schema contains itself.
pub(super) fn input(schema: &Value) -> Result<Value, String> {
    if has_reference(schema) {
        return Err(
            "a schema of its arguments contains itself, or refers to something outside of the contract"
                .to_owned(),
        );
    }
    Ok(if schema.is_null() { json!({}) } else { without(schema, &[&NEVER, &["pattern"]], "readOnly") })
}

/// The schema of an answer: names and types only. `None` if the schema contains itself.
pub(super) fn output(schema: &Value) -> Option<Value> {
    (!has_reference(schema)).then(|| without(schema, &[&NEVER, &TEXTS], "writeOnly"))
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

/// Whether a schema of the contract names this type. A schema without a type names none.
pub(super) fn names_type(schema: &Value, name: &str) -> bool {
    let is_it = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|other| other == name),
        other => other.is_some_and(|other| other == name),
    };
    let choices =
        ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|keyword| schema.get(keyword)?.as_array());
    is_it || choices.flatten().any(|choice| names_type(choice, name))
}

/// Whether `null` is a value of an argument with this schema, which [`input`] returned. A schema without a type has all values.
pub(super) fn is_nullable(schema: &Value) -> bool {
    let is_in = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
    let types = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|name| name == "null"),
        Some(Value::String(name)) => name == "null",
        _ => true,
    };
    let any = |keyword| is_in(keyword).is_none_or(|schemas| schemas.iter().any(is_nullable));
    types
        && is_in("enum").is_none_or(|values| values.contains(&Value::Null))
        && is_in("allOf").is_none_or(|schemas| schemas.iter().all(is_nullable))
        && any("anyOf")
        && any("oneOf")
}

/// Copies a schema without these keywords, and converts those of OpenAPI 3.0. Members that are `hidden` (`readOnly` or
/// `writeOnly`) are left out.
fn without(schema: &Value, left_out: &[&[&str]], hidden: &str) -> Value {
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
                .map(|(name, member)| (name.clone(), without(member, left_out, hidden)))
                .collect::<Map<_, _>>()
                .into(),
            ("items" | "additionalProperties" | "not", value) => without(value, left_out, hidden),
            ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                schemas.iter().map(|schema| without(schema, left_out, hidden)).collect::<Vec<_>>().into()
            }
            (_, value) => value.clone(),
        };
        copy.insert(keyword.clone(), value);
    }
    remove_hidden(&mut copy, schema, hidden);
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

fn remove_hidden(copy: &mut Map<String, Value>, schema: &Map<String, Value>, hidden: &str) {
    let members = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let is_hidden = |member: &Value| member.get(hidden) == Some(&Value::Bool(true));
    for (name, _) in members.filter(|(_, member)| is_hidden(member)) {
        if let Some(Value::Object(properties)) = copy.get_mut("properties") {
            properties.remove(name);
        }
        if let Some(Value::Array(required)) = copy.get_mut("required") {
            required.retain(|required| required != name);
        }
    }
}

fn allow_null(schema: &mut Map<String, Value>) {
    if schema.get("type").is_none() {
        // The keyword of OpenAPI allows null beside whatever the other keywords allow.
        let whole = std::mem::take(schema);
        schema.insert("anyOf".to_owned(), vec![Value::from(whole), json!({"type": "null"})].into());
        return;
    }
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
