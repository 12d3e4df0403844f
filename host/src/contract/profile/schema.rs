//! Schemas as OpenAPI 3.0 and Swagger 2.0 have them.
//!
//! A schema is walked by its structure, so a property can have the name of a keyword. What JSON Schema 2020-12, the language of
//! OpenAPI 3.1, has in addition is converted if the older versions can express it, and refused if not.

use serde_json::{Map, Value, json};

use super::{EXAMPLES, Profile, ProfileError, members, within};

/// Converts the schemas of an object by their names.
pub(super) fn each(
    schemas: Option<&Value>,
    profile: Profile,
    place: &str,
) -> Result<Map<String, Value>, ProfileError> {
    let schemas = schemas.into_iter().flat_map(members);
    let converted = |(name, schema): (&String, &Value)| {
        Ok((name.clone(), convert(schema, profile, &within(place, name))?))
    };
    schemas.map(converted).collect()
}

/// Converts a schema and the schemas in it.
pub(super) fn convert(schema: &Value, profile: Profile, place: &str) -> Result<Value, ProfileError> {
    let refused = |what: &str| Err(ProfileError::inexpressible(what, place));
    if *schema == Value::Bool(true) {
        return Ok(json!({}));
    }
    let Value::Object(schema) = schema else { return refused("a schema that is not an object") };
    if schema.contains_key("$ref") {
        return reference(schema, profile, place);
    }
    let mut copy = Map::new();
    for (keyword, value) in schema {
        let at = within(place, keyword);
        let value = match keyword.as_str() {
            name if is_left_out(name, profile) => continue,
            "properties" => each(Some(value), profile, &at)?.into(),
            "additionalProperties" if value.is_boolean() => value.clone(),
            "items" | "additionalProperties" => convert(value, profile, &at)?,
            "anyOf" | "oneOf" => {
                nullable_choice(&mut copy, value, profile, &at)?;
                continue;
            }
            "type" => single_type(&mut copy, value, profile, &at)?,
            "const" => {
                copy.insert("enum".to_owned(), vec![value.clone()].into());
                continue;
            }
            "nullable" if profile == Profile::Swagger2 => {
                copy.insert(NULLABLE_OF_SWAGGER.to_owned(), value.clone());
                continue;
            }
            name if KEPT.contains(&name) => value.clone(),
            name => return refused(name),
        };
        copy.insert(keyword.clone(), value);
    }
    limit(&mut copy, "minimum", "exclusiveMinimum", |limit, exclusive| limit > exclusive);
    limit(&mut copy, "maximum", "exclusiveMaximum", |limit, exclusive| limit < exclusive);
    if copy.get("type") == Some(&Value::from("array")) {
        copy.entry("items").or_insert_with(|| json!({}));
    }
    if profile == Profile::Openapi300 {
        list_values(&mut copy);
    }
    Ok(copy.into())
}

/// A reference to a schema of the contract. The older versions ignore what stands beside it, so only texts may stand there.
fn reference(schema: &Map<String, Value>, profile: Profile, place: &str) -> Result<Value, ProfileError> {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix(SCHEMAS));
    let Some(target) = target else {
        return Err(ProfileError::inexpressible("a $ref to something other than its schemas", place));
    };
    let is_ignored = |name: &str| name == "$ref" || TEXTS.contains(&name) || is_left_out(name, profile);
    if let Some(other) = schema.keys().find(|name| !is_ignored(name)) {
        return Err(ProfileError::inexpressible(format!("{other} beside $ref"), place));
    }
    let schemas = if profile == Profile::Swagger2 { DEFINITIONS } else { SCHEMAS };
    Ok(json!({ "$ref": format!("{schemas}{target}") }))
}

/// Whether a keyword is an extension, or states nothing that an importer uses.
fn is_left_out(keyword: &str, profile: Profile) -> bool {
    keyword.starts_with("x-")
        || EXAMPLES.contains(&keyword)
        || NOTES.contains(&keyword)
        || (profile == Profile::Swagger2 && ["deprecated", "writeOnly"].contains(&keyword))
}

/// The one type of a value that may also be null.
fn single_type(
    copy: &mut Map<String, Value>,
    types: &Value,
    profile: Profile,
    place: &str,
) -> Result<Value, ProfileError> {
    let list = types.as_array().map_or(std::slice::from_ref(types), Vec::as_slice);
    let others: Vec<_> = list.iter().filter(|name| **name != "null").collect();
    let [name] = others.as_slice() else {
        let what = if others.is_empty() { "the type null alone" } else { "more than one type" };
        return Err(ProfileError::inexpressible(what, place));
    };
    if list.len() > 1 {
        allow_null(copy, profile);
    }
    Ok((*name).clone())
}

/// Adds the one schema of a choice between it and null.
fn nullable_choice(
    copy: &mut Map<String, Value>,
    choices: &Value,
    profile: Profile,
    place: &str,
) -> Result<(), ProfileError> {
    let null = json!({"type": "null"});
    let choices = choices.as_array().map(Vec::as_slice).unwrap_or_default();
    let (others, nulls): (Vec<_>, Vec<_>) = choices.iter().partition(|choice| **choice != null);
    let ([choice], [_]) = (others.as_slice(), nulls.as_slice()) else {
        return Err(ProfileError::inexpressible("a choice of schemas", place));
    };
    let Value::Object(choice) = convert(choice, profile, place)? else { return Ok(()) };
    if choice.contains_key("$ref") {
        return Err(ProfileError::inexpressible("null beside $ref", place));
    }
    for (keyword, value) in choice {
        if !TEXTS.contains(&keyword.as_str()) && copy.contains_key(&keyword) {
            return Err(ProfileError::inexpressible(format!("{keyword} twice"), place));
        }
        copy.entry(keyword).or_insert(value);
    }
    allow_null(copy, profile);
    Ok(())
}

fn allow_null(copy: &mut Map<String, Value>, profile: Profile) {
    let keyword = if profile == Profile::Swagger2 { NULLABLE_OF_SWAGGER } else { "nullable" };
    copy.insert(keyword.to_owned(), true.into());
}

/// Writes an exclusive limit that is a number as a limit and a boolean. If there are two limits, `is_stricter` decides whether
/// the other one, which is not exclusive, is stricter.
fn limit(schema: &mut Map<String, Value>, limit: &str, exclusive: &str, is_stricter: fn(f64, f64) -> bool) {
    let Some(bound) = schema.get(exclusive).filter(|bound| bound.is_number()).cloned() else { return };
    let both = schema.get(limit).and_then(Value::as_f64).zip(bound.as_f64());
    if both.is_some_and(|(limit, bound)| is_stricter(limit, bound)) {
        schema.remove(exclusive);
    } else {
        schema.insert(limit.to_owned(), bound);
        schema.insert(exclusive.to_owned(), true.into());
    }
}

/// Replaces `enum` by a sentence.
fn list_values(schema: &mut Map<String, Value>) {
    let Some(Value::Array(values)) = schema.remove("enum") else { return };
    let values = values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let sentence = format!("One of: {}.", values.collect::<Vec<_>>().join(", "));
    let text = schema.get("description").and_then(Value::as_str).map(|text| format!("{text} {sentence}"));
    schema.insert("description".to_owned(), text.unwrap_or(sentence).into());
}

/// The keywords without schemas that OpenAPI 3.0 and Swagger 2.0 share, and those of 3.0 that `is_left_out` does not name.
const KEPT: [&str; 24] = [
    "title",
    "description",
    "format",
    "default",
    "enum",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxProperties",
    "minProperties",
    "required",
    "nullable",
    "readOnly",
    "writeOnly",
    "deprecated",
    "externalDocs",
];
/// Keywords that describe a schema without any effect on what its values are. They may stand beside a reference.
const TEXTS: [&str; 8] =
    ["title", "description", "default", "readOnly", "writeOnly", "deprecated", "externalDocs", "nullable"];
/// Keywords that are for the reader of the schema or for XML.
const NOTES: [&str; 7] =
    ["$comment", "$schema", "contentEncoding", "contentMediaType", "contentSchema", "discriminator", "xml"];
const NULLABLE_OF_SWAGGER: &str = "x-nullable";
const SCHEMAS: &str = "#/components/schemas/";
/// Where Swagger 2.0 has the schemas.
pub(super) const DEFINITIONS: &str = "#/definitions/";
