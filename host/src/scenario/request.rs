//! A step that performs an operation of the contract.

mod message;

use std::sync::Arc;

use hyper::header::HeaderName;
use serde_json::{Map, Value};

use super::expect::Expected;
use super::members::{MemberError, Members, shown, wrong};
use super::step::StepError;
use super::variables::{VariableError, Variables, check_name, text_of};
use crate::contract::{Contract, Operation, ParameterLocation};

/// A request by its operation, and what is expected of the answer. Values may have variables.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// The `operationId`.
    pub(super) name: String,
    /// The label of the client.
    pub(super) client: Option<String>,
    pub(super) expected: Expected,
    operation: Arc<Operation>,
    path: Map<String, Value>,
    query: Map<String, Value>,
    headers: Vec<(HeaderName, Value)>,
    body: Option<Value>,
    save: Vec<(String, Source)>,
}

/// The part of an answer that a variable gets.
#[derive(Debug, Clone)]
enum Source {
    /// By its JSON pointer.
    Body(String),
    Header(HeaderName),
}

/// The contract and a step do not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// There is no such operation.
    #[error("`op`: the contract has no operation `{name}`; its operations are {known}")]
    NoOperation {
        /// The operation of the step.
        name: String,
        /// The operations of the contract.
        known: String,
    },
    /// A parameter, or the body, is missing.
    #[error("`{member}` is missing: the operation requires it")]
    Missing {
        /// The parameter, for example `path.name`.
        member: String,
    },
    /// The operation does not have the parameter.
    #[error("`{member}`: the operation has no such parameter{known}")]
    Unknown {
        /// The parameter, for example `path.name`.
        member: String,
        /// The parameters that there are, if there are some.
        known: String,
    },
}

impl Call {
    /// Reads and checks a step, and notes the variables that it saves.
    pub(super) fn read(
        mut members: Members,
        contract: &Contract,
        variables: &mut Variables,
    ) -> Result<Call, StepError> {
        let name = members.text("op", NAME_CHARACTERS)?.unwrap_or_default();
        let operation = operation(contract, &name)?;
        let expected = members.take("expect").map_or(Ok(Expected::default()), Expected::read)?;
        let call = Call {
            client: client(&mut members)?,
            path: scalars("path", members.mapping("path")?)?,
            query: members.mapping("query")?,
            headers: headers(members.mapping("headers")?)?,
            body: members.take("body"),
            save: save(members.mapping("save")?, &expected)?,
            expected,
            operation,
            name,
        };
        call.check_query()?;
        call.check_contract()?;
        call.check_variables(variables)?;
        for (name, _) in &call.save {
            // The check of the steps that follow needs any value that can stand everywhere.
            variables.save(name, Value::from("saved"))?;
        }
        Ok(call)
    }

    fn check_query(&self) -> Result<(), MemberError> {
        let is_scalar = |value: &Value| text_of(value).is_some();
        let is_wrong = |value: &Value| {
            !(is_scalar(value) || value.as_array().is_some_and(|list| list.iter().all(is_scalar)))
        };
        match self.query.iter().find(|(_, value)| is_wrong(value)) {
            Some((name, _)) => {
                Err(wrong(&format!("query.{}", shown(name)), "a text, a number, a boolean or a list of them"))
            }
            None => Ok(()),
        }
    }

    /// A step that expects a refusal may break the contract, except that without the parts of the path it is no request.
    fn check_contract(&self) -> Result<(), ParameterError> {
        let names = |location| {
            let of = self.operation.parameters.iter().filter(move |one| one.location == location);
            of.map(|one| one.name.as_str())
        };
        let missing = |member: String| ParameterError::Missing { member };
        for name in template(&self.operation.path) {
            if !self.path.contains_key(name) {
                return Err(missing(format!("path.{name}")));
            }
        }
        let known: Vec<&str> = template(&self.operation.path).collect();
        only("path", self.path.keys(), &known)?;
        if self.expected.is_refusal() {
            return Ok(());
        }
        only("query", self.query.keys(), &names(ParameterLocation::Query).collect::<Vec<_>>())?;
        for required in self.operation.parameters.iter().filter(|one| one.required) {
            let (member, is_there) = match required.location {
                ParameterLocation::Query => ("query", self.query.contains_key(&required.name)),
                ParameterLocation::Header => ("headers", self.has_header(&required.name)),
                ParameterLocation::Path | ParameterLocation::Cookie => continue,
            };
            if !is_there {
                return Err(missing(format!("{member}.{}", required.name)));
            }
        }
        if self.body.is_none() && self.operation.body.as_ref().is_some_and(|body| body.required) {
            return Err(missing("body".to_owned()));
        }
        Ok(())
    }

    fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(header, _)| header.as_str().eq_ignore_ascii_case(name))
    }

    fn check_variables(&self, variables: &Variables) -> Result<(), VariableError> {
        let (path, query) = (self.path.values(), self.query.values());
        let headers = self.headers.iter().map(|(_, value)| value);
        for value in path.chain(query).chain(headers).chain(&self.body) {
            variables.fill(value)?;
        }
        self.expected.check_variables(variables)
    }
}

fn operation(contract: &Contract, name: &str) -> Result<Arc<Operation>, ParameterError> {
    let found = contract.operations().iter().find(|operation| operation.id.as_deref() == Some(name));
    found.cloned().ok_or_else(|| {
        let known: Vec<&str> =
            contract.operations().iter().filter_map(|operation| operation.id.as_deref()).collect();
        ParameterError::NoOperation { name: shown(name), known: known.join(", ") }
    })
}

/// The names of the parameters in a template such as `/pets/{name}`.
fn template(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn only<'a>(
    within: &str,
    mut names: impl Iterator<Item = &'a String>,
    known: &[&str],
) -> Result<(), ParameterError> {
    match names.find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(ParameterError::Unknown {
            member: format!("{within}.{}", shown(name)),
            known: match known {
                [] => String::new(),
                known => format!("; it has {}", known.join(", ")),
            },
        }),
    }
}

fn client(members: &mut Members) -> Result<Option<String>, MemberError> {
    let label = members.text("as", LABEL_CHARACTERS)?;
    match label {
        Some(label) if !label.chars().all(|character| character.is_ascii_graphic()) => {
            Err(wrong("as", "the label of a client, of visible ASCII characters"))
        }
        label => Ok(label),
    }
}

fn scalars(within: &str, values: Map<String, Value>) -> Result<Map<String, Value>, MemberError> {
    match values.iter().find(|(_, value)| text_of(value).is_none_or(|text| text.is_empty())) {
        Some((name, _)) => Err(wrong(
            &format!("{within}.{}", shown(name)),
            "a text that is not empty, a number or a boolean",
        )),
        None => Ok(values),
    }
}

fn headers(headers: Map<String, Value>) -> Result<Vec<(HeaderName, Value)>, MemberError> {
    let mut read = Vec::new();
    for (name, value) in headers {
        let member = format!("headers.{}", shown(&name));
        let header =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(&member, "the name of a header"))?;
        if OF_THE_WORLD.contains(&header.as_str()) {
            return Err(wrong(&member, "left out: the host sets it; `as` says which client asks"));
        }
        if text_of(&value).is_none() {
            return Err(wrong(&member, "a text, a number or a boolean"));
        }
        read.push((header, value));
    }
    Ok(read)
}

fn save(sources: Map<String, Value>, expected: &Expected) -> Result<Vec<(String, Source)>, StepError> {
    let mut read = Vec::new();
    for (name, source) in sources {
        check_name(&name)?;
        let member = format!("save.{}", shown(&name));
        if expected.is_lost {
            return Err(wrong(&member, "left out: a lost answer has nothing to save").into());
        }
        let must = || wrong(&member, "a JSON pointer such as /id, or {header: NAME}");
        let source = match source {
            Value::String(pointer) if pointer.is_empty() || pointer.starts_with('/') => Source::Body(pointer),
            Value::Object(_) => {
                let header = Members::of(source, &member, &["header"])?.text("header", NAME_CHARACTERS)?;
                let header = header.and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok());
                Source::Header(header.ok_or_else(must)?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err(must().into());
            }
        };
        read.push((name, source));
    }
    Ok(read)
}

/// Headers that the world or HTTP itself sets. Keys are not in scenarios.
const OF_THE_WORLD: [&str; 6] =
    ["authorization", "connection", "content-length", "host", "transfer-encoding", "x-api-key"];
/// As the labels of keys have it.
const LABEL_CHARACTERS: usize = 64;
/// Longer names are in no contract.
const NAME_CHARACTERS: usize = 200;
