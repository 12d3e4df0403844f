//! The contract as other programs import it: gateways that make tools of operations, and builders of connectors.
//!
//! Each of them accepts only a part of OpenAPI. A profile is made from the contract alone, so there is one document to maintain.

mod schema;
mod swagger;

use serde_json::{Map, Value, json};

use super::ContractError;
use crate::http_url::HttpUrl;

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
    /// The contract uses something that importers refuse or that their version of OpenAPI does not have.
    #[error("the contract uses {what} at {place}, which this profile cannot express")]
    Inexpressible {
        /// A keyword, or what it is used for.
        what: String,
        /// Where it stands, as a JSON pointer.
        place: String,
    },
    /// An operation takes no JSON.
    #[error("the request body at {place} is not application/json, and this profile has no other bodies")]
    NotJson {
        /// Where it stands, as a JSON pointer.
        place: String,
    },
    /// Only some operations are asked for, and this is none of the contract's.
    #[error("--operations: there is no operation {name:?}; the operations are {known}")]
    UnknownOperation {
        /// The name that was asked for.
        name: String,
        /// The names of all operations.
        known: String,
    },
}

impl ProfileError {
    fn inexpressible(what: impl Into<String>, place: &str) -> ProfileError {
        ProfileError::Inexpressible { what: what.into(), place: place.to_owned() }
    }
}

/// The contract in the form of a profile, as JSON (which is YAML too), for importers that reach the API at `server`. It has only
/// the operations with these ids, or all if there is no id.
pub fn document(
    contract: &str,
    profile: Profile,
    server: &HttpUrl,
    operations: &[String],
) -> Result<Value, ProfileError> {
    let source: Value = serde_saphyr::from_str(contract).map_err(|_error| ContractError)?;
    let form = Form { source: &source, profile, operations };
    form.must_know_operations()?;
    let paths = form.paths()?;
    let schemas = schema::each(source.pointer("/components/schemas"), profile, "/components/schemas")?;
    if profile == Profile::Swagger2 {
        return swagger::document(&source, paths, schemas, server);
    }
    let tags = source.get("tags").and_then(Value::as_array).into_iter().flatten();
    let tags: Vec<Value> = tags.map(|tag| without(tag, &[]).into()).collect();
    Ok(json!({
        "openapi": if profile == Profile::Openapi300 { "3.0.0" } else { "3.0.3" },
        "info": info(&source),
        "servers": servers(server),
        "tags": tags,
        "paths": paths,
        "components": { "schemas": schemas },
    }))
}

/// The whole contract with one address, as JSON (which is YAML too).
pub fn whole(contract: &str, server: &HttpUrl) -> Result<Value, ContractError> {
    let mut members: Map<String, Value> = serde_saphyr::from_str(contract).map_err(|_error| ContractError)?;
    members.insert("servers".to_owned(), servers(server));
    Ok(members.into())
}

/// The member `servers` with this address alone.
fn servers(server: &HttpUrl) -> Value {
    json!([{ "url": format!("{}://{}{}", server.scheme(), server.authority(), server.path()) }])
}

/// The member `info`, without what OpenAPI 3.1 has added.
fn info(source: &Value) -> Value {
    let mut info = without(&source["info"], &["summary"]);
    if let Some(license) = info.get_mut("license") {
        *license = without(license, &["identifier"]).into();
    }
    info.into()
}

/// Writes the parts of a contract in the form of a profile.
struct Form<'a> {
    source: &'a Value,
    profile: Profile,
    /// The ids of the operations that are written. All, if there is no id.
    operations: &'a [String],
}

impl Form<'_> {
    fn must_know_operations(&self) -> Result<(), ProfileError> {
        let items = members(&self.source["paths"]);
        let known: Vec<_> = items
            .flat_map(|(_, item)| methods(item))
            .filter_map(|(_, operation)| operation["operationId"].as_str())
            .collect();
        match self.operations.iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(ProfileError::UnknownOperation { name: name.clone(), known: known.join(", ") }),
            None => Ok(()),
        }
    }

    fn paths(&self) -> Result<Map<String, Value>, ProfileError> {
        let mut paths = Map::new();
        for (path, item) in members(&self.source["paths"]) {
            let mut operations = Map::new();
            for (method, operation) in methods(item).filter(|(_, operation)| self.has(operation)) {
                let place = within(&within("/paths", path), method);
                operations.insert(method.clone(), self.operation(&item["parameters"], operation, &place)?);
            }
            if !operations.is_empty() {
                paths.insert(path.clone(), operations.into());
            }
        }
        Ok(paths)
    }

    /// Whether an operation is written.
    fn has(&self, operation: &Value) -> bool {
        let is_named = |name: &str| self.operations.iter().any(|other| other == name);
        self.operations.is_empty() || operation["operationId"].as_str().is_some_and(is_named)
    }

    /// Keeps of an operation what an importer uses: its texts, parameters, JSON body and JSON answers.
    fn operation(&self, shared: &Value, operation: &Value, place: &str) -> Result<Value, ProfileError> {
        let mut copy = Map::new();
        for (name, value) in members(operation) {
            let at = within(place, name);
            let value = match name.as_str() {
                "operationId" | "summary" | "tags" => value.clone(),
                "description" => shortened(value, OPERATION_CHARACTERS),
                "requestBody" => self.body(self.resolved(value), &at)?,
                "responses" => self.answers(value, &at)?,
                _ => continue,
            };
            copy.insert(name.clone(), value);
        }
        let parameters = self.parameters(shared, &operation["parameters"], &within(place, "parameters"))?;
        copy.insert("parameters".to_owned(), parameters.into());
        Ok(copy.into())
    }

    /// An operation's own parameter, which stands later, replaces that of its path.
    fn parameters(&self, shared: &Value, own: &Value, place: &str) -> Result<Vec<Value>, ProfileError> {
        let id = |parameter: &Value| (parameter["name"].clone(), parameter["in"].clone());
        let mut parameters: Vec<Value> = Vec::new();
        for parameter in [shared, own].into_iter().filter_map(Value::as_array).flatten() {
            let parameter = self.resolved(parameter);
            parameters.retain(|earlier| id(earlier) != id(parameter));
            let place = within(place, parameter["name"].as_str().unwrap_or_default());
            parameters.push(self.parameter(parameter, &place)?);
        }
        Ok(parameters)
    }

    /// A parameter, or a header of an answer.
    fn parameter(&self, parameter: &Value, place: &str) -> Result<Value, ProfileError> {
        let mut copy = without(parameter, &EXAMPLES);
        for (name, value) in &mut copy {
            let at = within(place, name);
            match name.as_str() {
                "schema" => *value = schema::convert(value, self.profile, &at)?,
                "content" if self.profile == Profile::Swagger2 => {
                    return Err(ProfileError::inexpressible("content", place));
                }
                "content" => *value = self.content(value, &at)?.unwrap_or_else(|| json!({})),
                "description" => *value = shortened(value, PARAMETER_CHARACTERS),
                _ => {}
            }
        }
        Ok(copy.into())
    }

    fn body(&self, body: &Value, place: &str) -> Result<Value, ProfileError> {
        let content = self.content(&body["content"], &within(place, "content"))?;
        let content = content.ok_or_else(|| ProfileError::NotJson { place: place.to_owned() })?;
        let mut copy = without(body, &[]);
        copy.insert("content".to_owned(), content);
        Ok(copy.into())
    }

    fn answers(&self, answers: &Value, place: &str) -> Result<Value, ProfileError> {
        let mut copies = Map::new();
        for (status, answer) in members(answers).filter(|(status, _)| !status.starts_with("x-")) {
            let (answer, place) = (self.resolved(answer), within(place, status));
            let text = answer["description"].as_str().unwrap_or_default();
            let mut copy = Map::from_iter([("description".to_owned(), text.into())]);
            let mut headers = Map::new();
            for (name, header) in members(&answer["headers"]) {
                let at = within(&within(&place, "headers"), name);
                headers.insert(name.clone(), self.parameter(self.resolved(header), &at)?);
            }
            if !headers.is_empty() {
                copy.insert("headers".to_owned(), headers.into());
            }
            if let Some(content) = self.content(&answer["content"], &within(&place, "content"))? {
                copy.insert("content".to_owned(), content);
            }
            copies.insert(status.clone(), copy.into());
        }
        Ok(copies.into())
    }

    /// The JSON among the media types of a body. `None` if there is none.
    fn content(&self, content: &Value, place: &str) -> Result<Option<Value>, ProfileError> {
        let is_json = |name: &str| name.split(';').next().is_some_and(|name| name.trim() == JSON);
        let Some((name, media)) = members(content).find(|(name, _)| is_json(name)) else { return Ok(None) };
        let place = within(&within(place, name), "schema");
        let Some(schema) = media.get("schema") else { return Ok(Some(json!({ JSON: {} }))) };
        Ok(Some(json!({ JSON: { "schema": schema::convert(schema, self.profile, &place)? } })))
    }

    /// A part of the contract, or what it refers to.
    fn resolved<'a>(&'a self, part: &'a Value) -> &'a Value {
        let pointer = part.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        pointer.and_then(|pointer| self.source.pointer(pointer)).unwrap_or(part)
    }
}

/// The operations of a path, by method.
fn methods(item: &Value) -> impl Iterator<Item = (&String, &Value)> {
    members(item).filter(|(name, _)| METHODS.contains(&name.as_str()))
}

/// The members of an object; none if it is not one.
fn members(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

/// A copy of an object without its extensions and without these members.
fn without(object: &Value, left_out: &[&str]) -> Map<String, Value> {
    let kept =
        members(object).filter(|(name, _)| !name.starts_with("x-") && !left_out.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The JSON pointer of a member (RFC 6901).
fn within(place: &str, name: &str) -> String {
    format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A text that ends at its last sentence that fits.
fn shortened(text: &Value, characters: usize) -> Value {
    let Value::String(text) = text else { return text.clone() };
    if text.chars().count() <= characters {
        return Value::from(text.as_str());
    }
    let start: String = text.chars().take(characters).collect();
    match start.rsplit_once(". ") {
        Some((sentences, _)) => format!("{sentences}.").into(),
        None => start.into(),
    }
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const EXAMPLES: [&str; 2] = ["example", "examples"];
const JSON: &str = "application/json";
/// The limits of the strictest importer.
const OPERATION_CHARACTERS: usize = 300;
const PARAMETER_CHARACTERS: usize = 700;

#[cfg(test)]
mod tests;
