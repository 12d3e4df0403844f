//! Makes the request that a tool call stands for.

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Request, Uri};
use serde_json::{Map, Value};

use super::argument::{Argument, Place};
use super::tool::Tool;
use crate::contract::{encode_query, encode_segment};

/// Why a call has no request. The text is for the agent, and never has the value of an argument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    /// The tool has no such argument.
    #[error("There is no argument `{name}`. The arguments are: {known}.")]
    Unknown {
        /// The start of its name.
        name: String,
        /// The arguments that there are.
        known: String,
    },
    /// A part of the path is missing.
    #[error("The argument `{0}` is missing.")]
    Missing(String),
    /// The argument cannot stand in a path, a query or a header.
    #[error("The argument `{0}` must be a string, a number or a boolean.")]
    NotScalar(String),
    /// The argument has characters that a header cannot have.
    #[error("The argument `{0}` has characters that are not allowed there, such as line breaks.")]
    NotHeader(String),
    /// The arguments are longer than a path and a query can be.
    #[error("The arguments of the path and the query are too long.")]
    TooLong,
}

impl Tool {
    /// The request for these arguments. The component judges the values; only what cannot be a request is refused here.
    pub(super) fn request(&self, mut arguments: Map<String, Value>) -> Result<Request<Bytes>, CallError> {
        let is_known = |name: &&String| self.arguments.iter().any(|known| known.name == **name);
        if let Some(name) = arguments.keys().find(|name| !is_known(name)) {
            let name = name.chars().take(NAME_CHARACTERS).collect();
            return Err(CallError::Unknown { name, known: self.names() });
        }
        let mut parts = Parts { path: self.operation.path.clone(), ..Parts::default() };
        for argument in &self.arguments {
            // Models send `null` for an argument that they leave out.
            let value = arguments.remove(&argument.name);
            match value.filter(|value| argument.is_nullable || !value.is_null()) {
                Some(value) => parts.add(argument, value)?,
                None if matches!(argument.place, Place::Path(_)) => {
                    return Err(CallError::Missing(argument.name.clone()));
                }
                None => {}
            }
        }
        let is_required = self.operation.body.as_ref().is_some_and(|body| body.required);
        if self.has_members && (is_required || !parts.members.is_empty()) {
            parts.body = Some(Value::Object(parts.members));
        }
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = self.operation.method.clone();
        *request.uri_mut() = Uri::try_from(parts.path + &parts.query).map_err(|_| CallError::TooLong)?;
        *request.headers_mut() = parts.headers;
        if let Some(body) = parts.body {
            request.headers_mut().insert(CONTENT_TYPE, JSON);
            // A value that was parsed from JSON can be written as JSON.
            *request.body_mut() = serde_json::to_vec(&body).unwrap_or_default().into();
        }
        Ok(request)
    }

    /// The request for a resource of this tool, whose parameters are those of the path.
    pub(super) fn read(&self, parameters: Vec<(String, String)>) -> Result<Request<Bytes>, CallError> {
        self.request(parameters.into_iter().map(|(name, value)| (name, Value::from(value))).collect())
    }
}

/// The parts of a request while its arguments are added.
#[derive(Default)]
struct Parts {
    /// The template of the path, in which values replace the parameters.
    path: String,
    query: String,
    headers: HeaderMap,
    members: Map<String, Value>,
    body: Option<Value>,
}

impl Parts {
    fn add(&mut self, Argument { name, place, .. }: &Argument, value: Value) -> Result<(), CallError> {
        match place {
            Place::Path(parameter) => {
                let segment = encode_segment(&scalar(name, &value)?);
                self.path = self.path.replace(&format!("{{{parameter}}}"), &segment);
            }
            Place::Query(parameter, separator) => {
                let values = if let Value::Array(values) = value { values } else { vec![value] };
                let encoded = |value| Ok(encode_query(&scalar(name, value)?));
                let values = values.iter().map(encoded).collect::<Result<Vec<_>, _>>()?;
                match separator {
                    // There is no way to write an empty list.
                    Some(separator) if !values.is_empty() => {
                        self.add_query(parameter, &values.join(separator));
                    }
                    _ => values.iter().for_each(|value| self.add_query(parameter, value)),
                }
            }
            Place::Header(header) => self.header(name, header, &scalar(name, &value)?)?,
            Place::EntityTag(header) => self.header(name, header, &entity_tag(&scalar(name, &value)?))?,
            Place::Member => {
                self.members.insert(name.clone(), value);
            }
            Place::Body => self.body = Some(value),
        }
        Ok(())
    }

    fn add_query(&mut self, parameter: &str, value: &str) {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
        self.query.push_str(&encode_query(parameter));
        self.query.push('=');
        self.query.push_str(value);
    }

    fn header(&mut self, argument: &str, name: &str, value: &str) -> Result<(), CallError> {
        let refused = || CallError::NotHeader(argument.to_owned());
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        self.headers.insert(name, HeaderValue::from_str(value).map_err(|_| refused())?);
        Ok(())
    }
}

fn scalar(name: &str, value: &Value) -> Result<String, CallError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(is_true) => Ok(is_true.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(CallError::NotScalar(name.to_owned())),
    }
}

/// An agent has an entity tag without its quotes, because models lose quotes within quotes.
fn entity_tag(value: &str) -> String {
    let is_whole = value == "*" || value.starts_with('"') || value.starts_with("W/\"");
    if is_whole { value.to_owned() } else { format!("\"{value}\"") }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// How much of the name of an unknown argument an error shows.
const NAME_CHARACTERS: usize = 64;
