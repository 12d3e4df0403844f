//! One tool: an operation of the contract, as an agent sees it.
//!
//! OpenAPI describes everything that a tool needs except what `x-mcp` adds to an operation: `tool: false` hides it, `title`,
//! `description` and `annotations` replace what is derived, `omit` names parameters that an agent has no use for, and
//! `resource: true` also makes a read a resource.

use std::sync::Arc;

use hyper::Method;
use rmcp::model::{JsonObject, Tool as Listed, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::argument::{self, Argument, Place};
use super::schema;
use crate::contract::{Media, Operation, ParameterLocation};

/// An operation as a tool.
#[derive(Debug)]
pub(super) struct Tool {
    /// The operation that a call performs.
    pub(super) operation: Arc<Operation>,
    /// What `tools/list` shows.
    pub(super) listed: Listed,
    /// The arguments: the parameters in the order of the contract, then the members of the body in that of their names.
    pub(super) arguments: Vec<Argument>,
    /// Whether the body of the request is an object that the arguments are members of.
    pub(super) has_members: bool,
    /// Whether a successful answer has an `ETag`.
    pub(super) has_etag: bool,
    /// Whether the operation is a resource too.
    pub(super) is_resource: bool,
}

/// Why an operation is not a tool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{method} {path} is not a tool for agents: {reason}")]
pub struct NoToolError {
    method: Method,
    path: String,
    reason: String,
    /// Whether the contract is meant so, so that there is nothing to correct.
    pub is_meant: bool,
}

impl NoToolError {
    /// The contract must change if this operation is to be a tool.
    pub(super) fn new(operation: &Operation, reason: impl Into<String>) -> NoToolError {
        let (method, path) = (operation.method.clone(), operation.path.clone());
        NoToolError { method, path, reason: reason.into(), is_meant: false }
    }

    fn meant(operation: &Operation, reason: &str) -> NoToolError {
        NoToolError { is_meant: true, ..NoToolError::new(operation, reason) }
    }
}

/// The extension `x-mcp` of an operation.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Extension {
    tool: Option<bool>,
    title: Option<String>,
    description: Option<String>,
    annotations: Annotations,
    omit: Vec<String>,
    resource: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are those of the protocol")]
struct Annotations {
    read_only_hint: Option<bool>,
    destructive_hint: Option<bool>,
    idempotent_hint: Option<bool>,
    open_world_hint: Option<bool>,
}

impl Tool {
    /// Makes the tool of an operation.
    pub(super) fn of(operation: &Arc<Operation>) -> Result<Tool, NoToolError> {
        let refused = |reason: String| NoToolError::new(operation, reason);
        if ![Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE]
            .contains(&operation.method)
        {
            return Err(NoToolError::meant(operation, "no tool has this method"));
        }
        let extension = match operation.extensions.get("x-mcp") {
            // The error quotes only names and positions within the contract, which is public.
            Some(value) => {
                Extension::deserialize(value).map_err(|error| refused(format!("x-mcp: {error}")))?
            }
            None => Extension::default(),
        };
        if extension.tool == Some(false) {
            return Err(NoToolError::meant(operation, "x-mcp hides it"));
        }
        let name = operation.id.clone().ok_or_else(|| refused("it has no operationId".to_owned()))?;
        if !is_name(&name) {
            return Err(refused(format!("its operationId is not 1 to {NAME_BYTES} of `A-Z a-z 0-9 _ . -`")));
        }
        let input = Input::of(operation, &extension.omit).map_err(refused)?;
        let (output, has_etag) = output(operation);
        let mut listed = Listed::new_with_raw(name, None, Arc::new(input.schema));
        listed.title = extension.title.or_else(|| text(&operation.summary));
        listed.description =
            extension.description.or_else(|| text(&operation.description)).map(std::borrow::Cow::Owned);
        listed.output_schema = output.map(Arc::new);
        listed.annotations = Some(annotations(&operation.method, &extension.annotations));
        let is_resource = extension.resource && operation.method == Method::GET;
        let (arguments, has_members) = (input.arguments, input.has_members);
        let operation = Arc::clone(operation);
        Ok(Tool { operation, listed, arguments, has_members, has_etag, is_resource })
    }

    /// Whether the operation changes nothing.
    pub(super) fn is_read(&self) -> bool {
        self.operation.method.is_safe()
    }

    /// Whether the agent can send an idempotency key.
    pub(super) fn has_key(&self) -> bool {
        self.arguments.iter().any(|argument| argument.name == "idempotency_key")
    }

    /// The names of the arguments, for an error.
    pub(super) fn names(&self) -> String {
        self.arguments.iter().map(|argument| argument.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// The arguments of a tool, and their schema.
#[derive(Default)]
struct Input {
    schema: JsonObject,
    arguments: Vec<Argument>,
    has_members: bool,
}

impl Input {
    fn of(operation: &Operation, omitted: &[String]) -> Result<Input, String> {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut input = Input::default();
        let parameters = operation.parameters.iter().filter(|parameter| !omitted.contains(&parameter.name));
        for parameter in parameters {
            let Some((name, place)) = argument::place(parameter)? else {
                if parameter.required {
                    return Err(format!(
                        "its parameter {} is required, and a call cannot send it",
                        parameter.name
                    ));
                }
                continue;
            };
            let mut schema = schema::input(&parameter.schema)?;
            if matches!(place, Place::EntityTag(_)) {
                schema = json!({"type": "string", "description": ENTITY_TAG});
            } else if let Value::Object(schema) = &mut schema {
                describe(schema, &parameter.description);
            }
            if parameter.required || parameter.location == ParameterLocation::Path {
                required.push(Value::from(name.clone()));
            }
            input.add(&mut properties, name, place, schema)?;
        }
        let is_sent =
            |name: &str| input.arguments.iter().any(|sent| sent.place == Place::Path(name.to_owned()));
        if let Some(name) = in_path(&operation.path).find(|name| !is_sent(name)) {
            return Err(format!("the contract does not describe the parameter {name} of its path"));
        }
        if let Some(body) = &operation.body {
            let media = json_media(&body.content).ok_or("its body is not JSON")?;
            let schema = schema::input(&media.schema)?;
            if let Some(members) = members(&schema, &properties).cloned() {
                input.has_members = true;
                for (name, member) in members {
                    input.add(&mut properties, name, Place::Member, member)?;
                }
                let names = schema.get("required").and_then(Value::as_array).cloned();
                required.extend(names.filter(|_| body.required).unwrap_or_default());
            } else {
                input.add(&mut properties, BODY.to_owned(), Place::Body, schema)?;
                required.extend(body.required.then(|| Value::from(BODY)));
            }
        }
        input.schema.insert("type".to_owned(), "object".into());
        input.schema.insert("properties".to_owned(), properties.into());
        if !required.is_empty() {
            input.schema.insert("required".to_owned(), required.into());
        }
        input.schema.insert("additionalProperties".to_owned(), false.into());
        Ok(input)
    }

    fn add(
        &mut self,
        properties: &mut Map<String, Value>,
        name: String,
        place: Place,
        schema: Value,
    ) -> Result<(), String> {
        if properties.contains_key(&name) {
            return Err(format!("two of its arguments are named {name}"));
        }
        let is_nullable = schema::is_nullable(&schema);
        properties.insert(name.clone(), schema);
        self.arguments.push(Argument { name, place, is_nullable });
        Ok(())
    }
}

/// The names of the parameters in a template of a path.
fn in_path(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name))
}

/// The members of a body that become arguments of their own: those of an object that has no others, and whose names no
/// parameter has.
fn members<'a>(schema: &'a Value, taken: &Map<String, Value>) -> Option<&'a Map<String, Value>> {
    let has = |keyword: &&str| schema.get(keyword).is_some();
    if schema.get("type").and_then(Value::as_str) != Some("object") || MORE_MEMBERS.iter().any(has) {
        return None;
    }
    let is_closed = schema.get("additionalProperties").is_none_or(|more| *more == Value::Bool(false));
    let members = schema.get("properties")?.as_object()?;
    (is_closed && members.keys().all(|name| !taken.contains_key(name))).then_some(members)
}

/// Keywords with which an object may have members that `properties` does not name.
const MORE_MEMBERS: [&str; 4] = ["oneOf", "anyOf", "allOf", "patternProperties"];

/// The schema of the structured answer, if the operation has one kind of success and it is a JSON object, and whether that answer
/// has an `ETag`.
fn output(operation: &Operation) -> (Option<JsonObject>, bool) {
    let mut successes = operation.answers.iter().filter(|(status, _)| status.starts_with('2'));
    let Some((_, answer)) = successes.next() else { return (None, false) };
    let has_etag = answer.headers.keys().any(|name| name.eq_ignore_ascii_case("etag"));
    let media = json_media(&answer.content).filter(|_| successes.next().is_none());
    let Some(Some(Value::Object(mut schema))) = media.map(|media| schema::output(&media.schema)) else {
        return (None, has_etag);
    };
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return (None, has_etag);
    }
    if has_etag && let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.entry(ETAG).or_insert_with(|| json!({"type": "string"}));
    }
    (Some(schema), has_etag)
}

fn json_media(content: &indexmap::IndexMap<String, Media>) -> Option<&Media> {
    content
        .iter()
        .find(|(name, _)| name.split(';').next().is_some_and(|name| name.trim() == "application/json"))
        .map(|(_, media)| media)
}

/// The hints of RFC 9110 about a method, which the contract may replace. The world of a component is closed.
fn annotations(method: &Method, own: &Annotations) -> ToolAnnotations {
    let is_read = method.is_safe();
    let is_destructive = !is_read;
    let is_idempotent = method.is_idempotent();
    let mut hints = ToolAnnotations::new()
        .read_only(own.read_only_hint.unwrap_or(is_read))
        .open_world(own.open_world_hint.unwrap_or(false));
    if !is_read {
        hints = hints
            .destructive(own.destructive_hint.unwrap_or(is_destructive))
            .idempotent(own.idempotent_hint.unwrap_or(is_idempotent));
    }
    hints
}

fn describe(schema: &mut Map<String, Value>, description: &str) {
    if !description.is_empty() {
        schema.insert("description".to_owned(), description.into());
    }
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_name(name: &str) -> bool {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(is_usual)
}

/// The argument for a body that is not an object.
const BODY: &str = "body";
/// The member of a structured answer with its entity tag.
pub(super) const ETAG: &str = "etag";
const ENTITY_TAG: &str = "The etag of an earlier answer. If the item has changed since, nothing is done.";
/// The most bytes of a tool's name.
const NAME_BYTES: usize = 64;
