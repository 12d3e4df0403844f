//! The request that a step stands for, and what is saved of its answer.

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, Uri};
use serde_json::Value;

use super::super::expect::Failure;
use super::super::variables::{VariableError, Variables, text_of};
use super::{Call, Source};
use crate::contract::{encode_query, encode_segment};

impl Call {
    /// The request with the values of the variables.
    pub(in crate::scenario) fn request(&self, variables: &Variables) -> Result<Request<Bytes>, RequestError> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = self.operation.method.clone();
        *request.uri_mut() = Uri::try_from(self.target(variables)?).map_err(|_| RequestError::Target)?;
        if let Some(body) = &self.body {
            let body = variables.fill(body)?;
            // A value that was parsed can be written.
            *request.body_mut() = serde_json::to_vec(&body).unwrap_or_default().into();
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in &self.headers {
            let text = filled(variables, name.as_str(), value)?;
            let value = HeaderValue::from_str(&text).map_err(|_| RequestError::Header(name.to_string()))?;
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }

    fn target(&self, variables: &Variables) -> Result<String, RequestError> {
        let mut target = self.operation.path.clone();
        for (name, value) in &self.path {
            let segment = encode_segment(&filled(variables, name, value)?);
            target = target.replace(&format!("{{{name}}}"), &segment);
        }
        let mut separator = '?';
        for (name, value) in &self.query {
            let value = variables.fill(value)?;
            for value in value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice) {
                let text = text_of(value).ok_or_else(|| RequestError::NotScalar(name.clone()))?;
                target.push(separator);
                target.push_str(&encode_query(name));
                target.push('=');
                target.push_str(&encode_query(&text));
                separator = '&';
            }
        }
        Ok(target)
    }

    /// Saves parts of an answer, and returns those that the answer does not have.
    pub(in crate::scenario) fn save(
        &self,
        answer: &Response<Bytes>,
        variables: &mut Variables,
    ) -> Result<Vec<Failure>, VariableError> {
        let mut failures = Vec::new();
        let body = self.save.iter().any(|(_, source)| matches!(source, Source::Body(_)));
        let body = if body { serde_json::from_slice(answer.body()).ok() } else { None };
        for (name, source) in &self.save {
            let (what, value) = match source {
                Source::Body(pointer) => {
                    let value = body.as_ref().and_then(|body: &Value| body.pointer(pointer)).cloned();
                    (format!("body {pointer}"), value)
                }
                Source::Header(header) => {
                    let value = answer.headers().get(header).and_then(|value| value.to_str().ok());
                    (format!("header {header}"), value.map(Value::from))
                }
            };
            let wanted = format!("a value for the variable {name}");
            match value {
                None => failures.push(Failure::new(&what, wanted, "absent")),
                Some(value) if value.to_string().len() > VALUE_BYTES => {
                    failures.push(Failure::new(&what, wanted, format!("more than {VALUE_BYTES} bytes")));
                }
                Some(value) => variables.save(name, value)?,
            }
        }
        Ok(failures)
    }
}

/// With the values of its variables, a step is not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::scenario) enum RequestError {
    #[error("`{0}` must be a text, a number or a boolean, and its variable has another value")]
    NotScalar(String),
    #[error("the header `{0}` has characters that a header cannot have, such as line breaks")]
    Header(String),
    #[error("the path and the query are too long")]
    Target,
    #[error("{0}")]
    Variable(#[from] VariableError),
}

fn filled(variables: &Variables, name: &str, value: &Value) -> Result<String, RequestError> {
    text_of(&variables.fill(value)?).ok_or_else(|| RequestError::NotScalar(name.to_owned()))
}

/// Ids, versions and cursors are shorter by far; variables hold at most 64 MiB together.
const VALUE_BYTES: usize = 64 << 10;
