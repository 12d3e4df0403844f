//! The contract as Swagger 2.0, made of the parts that [`super::Form`] has written.

use serde_json::{Map, Value, json};

use super::schema::DEFINITIONS;
use super::{ProfileError, info, members, within};
use crate::http_url::HttpUrl;

/// The whole document. It states the API key that the contract has.
pub(super) fn document(
    source: &Value,
    paths: Map<String, Value>,
    definitions: Map<String, Value>,
    server: &HttpUrl,
) -> Result<Value, ProfileError> {
    let definitions = Definitions(definitions);
    let mut flat = Map::new();
    for (path, item) in paths {
        let mut operations = Map::new();
        for (method, operation) in members(&item) {
            let place = within(&within("/paths", &path), method);
            operations.insert(method.clone(), definitions.operation(operation, &place)?);
        }
        flat.insert(path, operations.into());
    }
    let keys = source.pointer("/components/securitySchemes").map(members);
    let keys = keys.into_iter().flatten().filter(|(_, scheme)| scheme["type"] == "apiKey");
    let key = |(name, scheme): (&String, &Value)| {
        (name.clone(), json!({"type": "apiKey", "in": scheme["in"], "name": scheme["name"]}))
    };
    let keys: Map<String, Value> = keys.map(key).collect();
    let security: Vec<Value> = keys.keys().map(|name| json!({ name: [] })).collect();
    Ok(json!({
        "swagger": "2.0",
        "info": info(source),
        "host": server.authority(),
        "basePath": if server.path().is_empty() { "/" } else { server.path() },
        "schemes": [server.scheme()],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": keys,
        "security": security,
        "paths": flat,
        "definitions": definitions.0,
    }))
}

/// The schemas of the contract by their names.
struct Definitions(Map<String, Value>);

impl Definitions {
    fn operation(&self, operation: &Value, place: &str) -> Result<Value, ProfileError> {
        let mut copy = operation.as_object().cloned().unwrap_or_default();
        let mut parameters: Vec<Value> = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            if parameter["in"] != "cookie" {
                let place = within(&within(place, "parameters"), name);
                parameters.push(self.parameter(parameter, &place)?);
            }
        }
        if let Some(body) = copy.remove("requestBody") {
            let is_required = body.get("required").and_then(Value::as_bool).unwrap_or_default();
            let schema = schema(&body).cloned().unwrap_or_else(|| json!({}));
            parameters.push(json!({"in": "body", "name": "body", "required": is_required, "schema": schema}));
        }
        copy.insert("parameters".to_owned(), parameters.into());
        let mut answers = Map::new();
        for (status, answer) in members(&operation["responses"]) {
            // Swagger 2.0 has no ranges such as 4XX.
            if status == "default" || status.bytes().all(|byte| byte.is_ascii_digit()) {
                let place = within(&within(place, "responses"), status);
                answers.insert(status.clone(), self.answer(answer, &place)?);
            }
        }
        copy.insert("responses".to_owned(), answers.into());
        Ok(copy.into())
    }

    fn parameter(&self, parameter: &Value, place: &str) -> Result<Value, ProfileError> {
        let mut flat = self.flat(&parameter["schema"], place)?;
        for name in ["name", "in", "required", "description"] {
            if let Some(value) = parameter.get(name) {
                flat.insert(name.to_owned(), value.clone());
            }
        }
        let is_exploded = parameter["explode"] != false;
        let separator = match parameter["style"].as_str() {
            None | Some("form") if parameter["in"] == "query" && is_exploded => "multi",
            None | Some("form" | "simple") => "csv",
            Some("spaceDelimited") if !is_exploded => "ssv",
            Some("pipeDelimited") if !is_exploded => "pipes",
            Some(style) => return Err(ProfileError::inexpressible(format!("the style {style}"), place)),
        };
        if flat.get("type") == Some(&Value::from("array")) {
            flat.insert("collectionFormat".to_owned(), separator.into());
        }
        Ok(flat.into())
    }

    fn answer(&self, answer: &Value, place: &str) -> Result<Value, ProfileError> {
        let mut copy = Map::from_iter([("description".to_owned(), answer["description"].clone())]);
        if let Some(schema) = schema(answer) {
            copy.insert("schema".to_owned(), schema.clone());
        }
        let mut headers = Map::new();
        for (name, header) in members(&answer["headers"]) {
            let mut flat = self.flat(&header["schema"], &within(&within(place, "headers"), name))?;
            if let Some(text) = header.get("description") {
                flat.insert("description".to_owned(), text.clone());
            }
            headers.insert(name.clone(), flat.into());
        }
        if !headers.is_empty() {
            copy.insert("headers".to_owned(), headers.into());
        }
        Ok(copy.into())
    }

    /// The members of a schema for a parameter or a header, which has no `schema` in Swagger 2.0 and cannot be an object.
    fn flat(&self, schema: &Value, place: &str) -> Result<Map<String, Value>, ProfileError> {
        let schema = self.resolved(schema);
        let mut flat: Map<String, Value> = members(schema)
            .filter(|(keyword, _)| FLAT.contains(&keyword.as_str()))
            .map(|(keyword, value)| (keyword.clone(), value.clone()))
            .collect();
        match flat.entry("type").or_insert_with(|| "string".into()).as_str() {
            Some("object") => Err(ProfileError::inexpressible("an object outside of a body", place)),
            Some("array") => {
                flat.insert("items".to_owned(), self.flat(&schema["items"], place)?.into());
                Ok(flat)
            }
            _ => Ok(flat),
        }
    }

    /// A schema, or the one that it refers to.
    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name =
            schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix(DEFINITIONS));
        name.and_then(|name| self.0.get(name)).unwrap_or(schema)
    }
}

/// The schema of a JSON body.
fn schema(body: &Value) -> Option<&Value> {
    body.pointer("/content/application~1json/schema")
}

/// The keywords of a parameter that is not a body.
const FLAT: [&str; 17] = [
    "type",
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
    "x-nullable",
    "description",
];
