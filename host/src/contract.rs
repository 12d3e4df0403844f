//! The component's contract, an OpenAPI document, parsed once when the host starts.
//!
//! The host learns from the contract which operations the component has. The parser is lenient: the component serves
//! requests with or without a well-formed contract, so a part that is malformed is left out, and an unreadable document
//! has no operations.

mod encoding;
mod operation;
pub mod profile;
mod references;
mod router;

use std::sync::Arc;

use hyper::Method;
use hyper::body::Bytes;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

pub(crate) use self::encoding::{encode_query, encode_segment};
use self::operation::OperationParser;
pub use self::operation::{Answer, Body, Example, Media, Operation, Parameter, ParameterLocation, Sample};
pub use self::router::Route;
use self::router::Router;

/// A parsed contract.
#[derive(Debug, Default)]
pub struct Contract {
    /// The document as the component wrote it.
    pub document: Bytes,
    /// What the document states about the API as a whole.
    pub info: Info,
    operations: Vec<Arc<Operation>>,
    router: Router,
}

/// The member `info` of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Info {
    /// The name of the API.
    pub title: String,
    /// Its version.
    pub version: String,
    /// A description, in Markdown.
    pub description: String,
    /// The scheme of the URIs of its resources (`x-mcp-scheme`).
    #[serde(rename = "x-mcp-scheme")]
    pub scheme: Option<String>,
}

impl Contract {
    /// Parses a document in YAML (or in JSON, which is YAML).
    pub fn parse(text: &str) -> Result<Contract, ContractError> {
        // The error of the parser may quote the document, which does not belong in a log.
        let document: Document = serde_saphyr::from_str(text).map_err(|_error| ContractError)?;
        let mut parser = OperationParser::new(document.components);
        let mut operations = Vec::new();
        for (path, item) in &document.paths {
            for (name, operation) in item {
                if let Some(method) = method(name) {
                    operations.push(Arc::new(parser.parse(path, method, item, operation)));
                }
            }
        }
        let router = Router::new(&operations);
        let info = document.info.unwrap_or_default();
        Ok(Contract { document: Bytes::from(text.to_owned()), info, operations, router })
    }

    /// A contract without operations: of a document that cannot be parsed, the host publishes the text alone.
    #[must_use]
    pub fn unparsed(text: &str) -> Contract {
        Contract { document: Bytes::from(text.to_owned()), ..Contract::default() }
    }

    /// The operations, in the order of the document.
    #[must_use]
    pub fn operations(&self) -> &[Arc<Operation>] {
        &self.operations
    }

    /// Finds the operation that a request asks for, by its method and its path without the query.
    #[must_use]
    pub fn route(&self, method: &Method, path: &str) -> Option<Route<'_>> {
        self.router.route(method, path)
    }

    /// As [`Contract::route`], without the parameters in the path.
    #[must_use]
    pub fn operation(&self, method: &Method, path: &str) -> Option<&Arc<Operation>> {
        self.router.operation(method, path)
    }
}

/// The document is not YAML, or its `paths` do not have the form that OpenAPI gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the component's contract is not an OpenAPI document in YAML")]
pub struct ContractError;

#[derive(Deserialize)]
struct Document {
    // A malformed `info` is left out, like every other part.
    #[serde(default, deserialize_with = "lenient")]
    info: Option<Info>,
    #[serde(default)]
    paths: IndexMap<String, PathItem>,
    #[serde(default)]
    components: Value,
}

fn lenient<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Info>, D::Error> {
    let info = Value::deserialize(deserializer)?;
    Ok(Info::deserialize(info).ok())
}

/// What OpenAPI allows at a path: operations by their method, `parameters`, and texts.
type PathItem = IndexMap<String, Value>;

fn method(name: &str) -> Option<Method> {
    Some(match name {
        "get" => Method::GET,
        "put" => Method::PUT,
        "post" => Method::POST,
        "delete" => Method::DELETE,
        "options" => Method::OPTIONS,
        "head" => Method::HEAD,
        "patch" => Method::PATCH,
        "trace" => Method::TRACE,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
