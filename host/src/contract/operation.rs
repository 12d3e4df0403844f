//! One operation of the contract, and how it is read.

use std::collections::HashMap;
use std::sync::Arc;

use hyper::Method;
use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::PathItem;
use super::references::References;

/// A method at a path, and what the contract states about it. References are resolved.
#[derive(Debug)]
pub struct Operation {
    /// The `operationId`, if the operation has one.
    pub id: Option<String>,
    /// The method of its requests.
    pub method: Method,
    /// The template of its path, such as `/pets/{name}`.
    pub path: String,
    /// One line that describes the operation.
    pub summary: String,
    /// A longer description.
    pub description: String,
    /// Its own parameters and those of its path.
    pub parameters: Vec<Parameter>,
    /// The body of its requests, if they have one.
    pub body: Option<Body>,
    /// Its answers by status, such as `200`, `4XX` or `default`. Operations that refer to one answer share it.
    pub answers: IndexMap<String, Arc<Answer>>,
    /// How to call it (`x-codeSamples`).
    pub samples: Vec<Sample>,
    /// All other members whose name begins with `x-`.
    pub extensions: IndexMap<String, Value>,
}

/// A parameter of an operation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The part of the request that carries it.
    #[serde(rename = "in")]
    pub location: ParameterLocation,
    /// Whether a request without it is refused.
    #[serde(default)]
    pub required: bool,
    /// A description.
    #[serde(default)]
    pub description: String,
    /// The JSON schema of its value.
    #[serde(default)]
    pub schema: Value,
    /// How a list or an object is written as text, if the contract states it.
    #[serde(default)]
    pub style: Option<String>,
    /// Whether each value of a list is a parameter of its own, if the contract states it.
    #[serde(default)]
    pub explode: Option<bool>,
    /// The media type of its value, if its value is a document.
    #[serde(default)]
    pub content: IndexMap<String, Media>,
    /// An example of its value.
    #[serde(default)]
    pub example: Option<Value>,
}

/// The part of a request that carries a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of OpenAPI")]
pub enum ParameterLocation {
    Path,
    Query,
    Header,
    Cookie,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Body {
    /// Whether a request without a body is refused.
    #[serde(default)]
    pub required: bool,
    /// A description.
    #[serde(default)]
    pub description: String,
    /// What the body may be, by media type.
    #[serde(default)]
    pub content: IndexMap<String, Media>,
}

/// An answer of an operation.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Answer {
    /// A description.
    #[serde(default)]
    pub description: String,
    /// Its headers by name, each as the contract describes it.
    #[serde(default)]
    pub headers: IndexMap<String, Value>,
    /// What its body may be, by media type.
    #[serde(default)]
    pub content: IndexMap<String, Media>,
}

/// A body of one media type.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Media {
    /// The JSON schema of the body.
    #[serde(default)]
    pub schema: Value,
    /// An example of the body.
    #[serde(default)]
    pub example: Option<Value>,
    /// More examples, by name.
    #[serde(default)]
    pub examples: IndexMap<String, Example>,
}

/// A named example.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Example {
    /// One line that describes the example.
    #[serde(default)]
    pub summary: String,
    /// The example itself.
    #[serde(default)]
    pub value: Value,
}

/// Source code that calls an operation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sample {
    /// The language, such as `Shell`.
    pub lang: String,
    /// One line that describes the sample.
    #[serde(default)]
    pub label: String,
    /// The code.
    pub source: String,
}

/// Reads the operations of one contract.
pub(super) struct OperationParser {
    references: References,
    /// The answers that operations referred to so far, by reference.
    answers: HashMap<String, Arc<Answer>>,
}

impl OperationParser {
    pub(super) fn new(components: Value) -> OperationParser {
        OperationParser { references: References::new(components), answers: HashMap::new() }
    }

    pub(super) fn parse(
        &mut self,
        path: &str,
        method: Method,
        item: &PathItem,
        operation: &Value,
    ) -> Operation {
        let text = |name: &str| operation.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Operation {
            id: operation.get("operationId").and_then(Value::as_str).map(str::to_owned),
            method,
            path: path.to_owned(),
            summary: text("summary"),
            description: text("description"),
            parameters: self.parameters(item.get("parameters"), operation.get("parameters")),
            body: operation.get("requestBody").and_then(|body| self.read(body)),
            answers: self.answers(operation.get("responses")),
            samples: items(operation.get(SAMPLES)).filter_map(|sample| self.read(sample)).collect(),
            extensions: extensions(operation),
        }
    }

    /// An operation's own parameter replaces the one of its path that has the same name and location.
    fn parameters(&mut self, of_path: Option<&Value>, own: Option<&Value>) -> Vec<Parameter> {
        let mut parameters: Vec<Parameter> = Vec::new();
        for parameter in items(of_path).chain(items(own)) {
            let Some(parameter) = self.read::<Parameter>(parameter) else { continue };
            let is_same =
                |other: &Parameter| other.name == parameter.name && other.location == parameter.location;
            parameters.retain(|other| !is_same(other));
            parameters.push(parameter);
        }
        parameters
    }

    fn answers(&mut self, answers: Option<&Value>) -> IndexMap<String, Arc<Answer>> {
        let mut read = IndexMap::new();
        for (status, answer) in answers.and_then(Value::as_object).into_iter().flatten() {
            if let Some(answer) = self.answer(answer) {
                read.insert(status.clone(), answer);
            }
        }
        read
    }

    fn answer(&mut self, answer: &Value) -> Option<Arc<Answer>> {
        let Some(reference) = answer.get("$ref").and_then(Value::as_str) else {
            return self.read(answer).map(Arc::new);
        };
        if let Some(known) = self.answers.get(reference) {
            return Some(Arc::clone(known));
        }
        let read = Arc::new(self.read(answer)?);
        self.answers.insert(reference.to_owned(), Arc::clone(&read));
        Some(read)
    }

    /// Reads a part of an operation. Returns `None` if the part is malformed.
    fn read<T: DeserializeOwned>(&mut self, part: &Value) -> Option<T> {
        serde_json::from_value(self.references.resolve(part)).ok()
    }
}

fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
}

fn extensions(operation: &Value) -> IndexMap<String, Value> {
    let members = operation.as_object().into_iter().flatten();
    let extensions = members.filter(|(name, _)| name.starts_with("x-") && *name != SAMPLES);
    extensions.map(|(name, value)| (name.clone(), value.clone())).collect()
}

const SAMPLES: &str = "x-codeSamples";
