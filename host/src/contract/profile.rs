//! The contract as other programs import it: gateways that make tools of operations, and builders of connectors.
//!
//! Each of them accepts only a part of OpenAPI. A profile is made from the contract alone, so there is one document to maintain.

use std::str::FromStr;

use hyper::Uri;
use serde_json::{Map, Value, json};

use super::ContractError;

/// A form of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// For an OpenAPI target of Amazon Bedrock `AgentCore` Gateway: without security, composition and extensions.
    Agentcore,
    /// The same in OpenAPI 3.0.0 without `enum`, for action groups of Amazon Bedrock Agents.
    #[value(name = "openapi-3.0.0")]
    Openapi300,
    /// Swagger 2.0 with the API key, for Power Platform and Copilot Studio.
    Swagger2,
}

/// Why a contract has no form for a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The contract cannot be read.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// A schema uses a keyword that importers refuse.
    #[error("the contract uses {keyword} at {place}, which this profile cannot express")]
    Composition {
        /// The keyword.
        keyword: String,
        /// Where it stands, as a JSON pointer.
        place: String,
    },
}

/// The address under which importers reach the API: `http` or `https`, a host, perhaps a port and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl(Uri);

impl FromStr for ServerUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<ServerUrl, &'static str> {
        let wrong = "not the address of a server, such as https://desk.example.net";
        let uri: Uri = text.parse().map_err(|_| wrong)?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri.authority().ok_or(wrong)?;
        // Braces mark a part that somebody has to fill in.
        let has_more = uri.query().is_some() || text.contains(['#', '{', '}']);
        if !is_http || authority.as_str().contains('@') || has_more {
            return Err(wrong);
        }
        Ok(ServerUrl(uri))
    }
}

impl ServerUrl {
    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// The member `servers` with this address alone.
    fn servers(&self) -> Value {
        let url = format!("{}://{}{}", self.0.scheme_str().unwrap_or_default(), authority(self), self.path());
        json!([{ "url": url }])
    }

    /// The path, without a slash at its end.
    fn path(&self) -> &str {
        self.0.path().trim_end_matches('/')
    }
}

/// The whole contract with one address, as JSON (which is YAML too).
pub fn whole(contract: &str, server: &ServerUrl) -> Result<Value, ContractError> {
    let mut members: Map<String, Value> = serde_saphyr::from_str(contract).map_err(|_error| ContractError)?;
    members.insert("servers".to_owned(), server.servers());
    Ok(members.into())
}

/// The contract in the form of a profile, as JSON (which is YAML too).
pub fn document(contract: &str, profile: Profile, server: &ServerUrl) -> Result<Value, ProfileError> {
    let mut root: Value = serde_saphyr::from_str(contract).map_err(|_error| ContractError)?;
    let source = root.clone();
    let keys = root.pointer("/components/securitySchemes").cloned().unwrap_or_default();
    for operation in operations(&mut root) {
        shorten(operation, OPERATION_CHARACTERS);
        if let Value::Object(members) = operation {
            reduce(members, &source);
        }
    }
    if let Some(components) = root.get_mut("components").and_then(Value::as_object_mut) {
        components.retain(|name, _| name == "schemas");
    }
    clean(&mut root, profile, "")?;
    if let Some(members) = root.as_object_mut() {
        members.retain(|name, _| ["openapi", "info", "tags", "paths", "components"].contains(&name.as_str()));
        members.insert("servers".to_owned(), server.servers());
        if profile == Profile::Openapi300 {
            members.insert("openapi".to_owned(), "3.0.0".into());
        }
    }
    Ok(if profile == Profile::Swagger2 { swagger(&root, &keys, server) } else { root })
}

fn authority(server: &ServerUrl) -> &str {
    server.0.authority().map(hyper::http::uri::Authority::as_str).unwrap_or_default()
}

/// The operations of a document. All other members of a path are moved into them or removed.
fn operations(root: &mut Value) -> Vec<&mut Value> {
    let mut found = Vec::new();
    for item in values(root.get_mut("paths")).filter_map(Value::as_object_mut) {
        let shared = item.remove("parameters");
        item.retain(|name, _| METHODS.contains(&name.as_str()));
        for operation in item.values_mut() {
            let Value::Object(members) = operation else { continue };
            let own = members.remove("parameters");
            let lists =
                [shared.clone(), own].into_iter().flatten().filter_map(|list| list.as_array().cloned());
            members.insert("parameters".to_owned(), lists.flatten().collect::<Vec<_>>().into());
            found.push(operation);
        }
    }
    found
}

/// Keeps of an operation what an importer uses: its texts, parameters, JSON body and JSON answers. References to anything but
/// schemas are resolved.
fn reduce(operation: &mut Map<String, Value>, source: &Value) {
    operation.retain(|name, _| OPERATION_MEMBERS.contains(&name.as_str()));
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        resolve(parameter, source);
        shorten(parameter, PARAMETER_CHARACTERS);
    }
    // An operation's own parameter, which stands later, replaces that of its path.
    if let Some(Value::Array(parameters)) = operation.get_mut("parameters") {
        let place = |parameter: &Value| (parameter.get("name").cloned(), parameter.get("in").cloned());
        let mut kept: Vec<Value> = Vec::new();
        for parameter in parameters.drain(..) {
            kept.retain(|earlier| place(earlier) != place(&parameter));
            kept.push(parameter);
        }
        *parameters = kept;
    }
    if let Some(body) = operation.get_mut("requestBody") {
        resolve(body, source);
        keep_json(body);
    }
    for answer in values(operation.get_mut("responses")) {
        resolve(answer, source);
        keep_json(answer);
        values(answer.get_mut("headers")).for_each(|header| resolve(header, source));
    }
}

/// The values of an object; none if it is not one.
fn values(object: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    object.and_then(Value::as_object_mut).into_iter().flat_map(|members| members.values_mut())
}

fn resolve(part: &mut Value, source: &Value) {
    let target = part.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    if let Some(target) = target.and_then(|target| source.pointer(target)).cloned() {
        *part = target;
    }
}

fn keep_json(part: &mut Value) {
    if let Some(content) = part.get_mut("content").and_then(Value::as_object_mut) {
        content.retain(|name, _| name == "application/json");
    }
}

/// Ends a text at its last sentence that fits.
fn shorten(part: &mut Value, characters: usize) {
    let Some(Value::String(text)) = part.get_mut("description") else { return };
    if text.chars().count() <= characters {
        return;
    }
    let start: String = text.chars().take(characters).collect();
    *text = match start.rsplit_once(". ") {
        Some((sentences, _)) => format!("{sentences}."),
        None => start,
    };
}

/// Removes what importers refuse or have no use for, from a part of the document and everything in it.
fn clean(part: &mut Value, profile: Profile, place: &str) -> Result<(), ProfileError> {
    match part {
        Value::Object(members) => {
            if let Some(keyword) = ["oneOf", "anyOf", "allOf", "not"].into_iter().find(|keyword| {
                members.get(*keyword).is_some_and(|value| value.is_array() || value.is_object())
            }) {
                // A property may have this name: it stands in `properties`.
                if !place.ends_with("/properties") {
                    return Err(ProfileError::Composition {
                        keyword: keyword.to_owned(),
                        place: place.to_owned(),
                    });
                }
            }
            let is_map = ["/properties", "/paths", "/schemas", "/headers", "/responses"]
                .iter()
                .any(|end| place.ends_with(end));
            if !is_map {
                members.retain(|name, _| {
                    !name.starts_with("x-")
                        && !["security", "example", "examples", "links", "callbacks"].contains(&name.as_str())
                });
                if profile == Profile::Openapi300 {
                    list_values(members);
                }
            }
            for (name, member) in members.iter_mut() {
                clean(member, profile, &format!("{place}/{name}"))?;
            }
        }
        Value::Array(items) => {
            for item in items {
                clean(item, profile, place)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}

/// Replaces `enum` by a sentence.
fn list_values(schema: &mut Map<String, Value>) {
    let Some(Value::Array(values)) = schema.get("enum") else { return };
    let values = values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let sentence = format!("One of: {}.", values.collect::<Vec<_>>().join(", "));
    let text = schema.get("description").and_then(Value::as_str).map(|text| format!("{text} {sentence}"));
    schema.insert("description".to_owned(), text.unwrap_or(sentence).into());
    schema.remove("enum");
}

/// The document as Swagger 2.0.
fn swagger(root: &Value, keys: &Value, server: &ServerUrl) -> Value {
    let mut paths = root["paths"].clone();
    for item in values(Some(&mut paths)) {
        for operation in values(Some(item)) {
            *operation = swagger_operation(operation, root);
        }
    }
    let keys = keys.as_object().into_iter().flatten().filter(|(_, scheme)| scheme["type"] == "apiKey");
    let keys: Map<String, Value> = keys
        .map(|(name, scheme)| {
            (name.clone(), json!({"type": "apiKey", "in": scheme["in"], "name": scheme["name"]}))
        })
        .collect();
    let security: Vec<Value> = keys.keys().map(|name| json!({name: []})).collect();
    let path = server.path();
    let mut document = json!({
        "swagger": "2.0",
        "info": root["info"],
        "host": authority(server),
        "basePath": if path.is_empty() { "/" } else { path },
        "schemes": [server.0.scheme_str()],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": keys,
        "security": security,
        "paths": paths,
        "definitions": root.pointer("/components/schemas").cloned().unwrap_or_else(|| json!({})),
    });
    rename(&mut document);
    document
}

fn swagger_operation(operation: &Value, root: &Value) -> Value {
    let mut members = operation.as_object().cloned().unwrap_or_default();
    let mut parameters: Vec<Value> = Vec::new();
    let described = operation["parameters"].as_array().into_iter().flatten();
    for parameter in described.filter(|parameter| parameter["in"] != "cookie") {
        let mut flat = schema_members(&parameter["schema"], root);
        for name in ["name", "in", "required", "description"] {
            if let Some(value) = parameter.get(name) {
                flat.insert(name.to_owned(), value.clone());
            }
        }
        // By default, OpenAPI 3 repeats the name for each value of a list, and Swagger 2.0 separates values with commas.
        if parameter["in"] == "query"
            && flat.get("type") == Some(&Value::from("array"))
            && parameter["explode"] != false
        {
            flat.insert("collectionFormat".to_owned(), "multi".into());
        }
        parameters.push(flat.into());
    }
    if let Some(body) = members.remove("requestBody") {
        let schema = body.pointer("/content/application~1json/schema").cloned().unwrap_or_default();
        let is_required = body.get("required").and_then(Value::as_bool).unwrap_or_default();
        parameters.push(json!({"in": "body", "name": "body", "required": is_required, "schema": schema}));
    }
    members.insert("parameters".to_owned(), parameters.into());
    let mut answers = Map::new();
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        if status.len() == 3 && !status.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let mut flat = Map::from_iter([("description".to_owned(), answer["description"].clone())]);
        if let Some(schema) = answer.pointer("/content/application~1json/schema") {
            flat.insert("schema".to_owned(), schema.clone());
        }
        let headers = answer["headers"].as_object().into_iter().flatten().map(|(name, header)| {
            let mut flat = schema_members(&header["schema"], root);
            flat.insert("description".to_owned(), header["description"].clone());
            (name.clone(), Value::from(flat))
        });
        let headers: Map<String, Value> = headers.collect();
        if !headers.is_empty() {
            flat.insert("headers".to_owned(), headers.into());
        }
        answers.insert(status.clone(), flat.into());
    }
    members.insert("responses".to_owned(), answers.into());
    members.into()
}

/// The members of a schema, for a place in Swagger 2.0 that has no `schema`.
fn schema_members(schema: &Value, root: &Value) -> Map<String, Value> {
    let mut schema = schema.clone();
    resolve(&mut schema, root);
    schema.as_object().cloned().unwrap_or_else(|| Map::from_iter([("type".to_owned(), "string".into())]))
}

/// Renames what Swagger 2.0 has under another name, in the whole document.
fn rename(part: &mut Value) {
    match part {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref") {
                *reference = reference.replace("#/components/schemas/", "#/definitions/");
            }
            if let Some(Value::Bool(is_nullable)) = members.get("nullable").cloned() {
                members.remove("nullable");
                members.insert("x-nullable".to_owned(), is_nullable.into());
            }
            members.values_mut().for_each(rename);
        }
        Value::Array(items) => items.iter_mut().for_each(rename),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const OPERATION_MEMBERS: [&str; 7] =
    ["operationId", "summary", "description", "tags", "parameters", "requestBody", "responses"];
/// The limits of the strictest importer.
const OPERATION_CHARACTERS: usize = 300;
const PARAMETER_CHARACTERS: usize = 700;
