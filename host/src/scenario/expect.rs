//! What a step expects of an answer, and what an answer lacks.

mod condition;

use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Response};
use serde::Serialize;
use serde_json::Value;

use self::condition::{Condition, conditions, nearest, unmet};
use super::members::{MemberError, Members, wrong};
use super::variables::{VariableError, Variables};

/// An expectation that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What was looked at, for example `status` or `body /name`.
    pub what: String,
    /// What was expected.
    pub wanted: String,
    /// What was there.
    pub found: String,
    /// What comes closest to the expectation, or where it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

impl Failure {
    pub(super) fn new(what: &str, wanted: impl Into<String>, found: impl Into<String>) -> Failure {
        Failure { what: what.to_owned(), wanted: wanted.into(), found: found.into(), nearest: None }
    }
}

/// What a step expects of its answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Expected {
    /// Empty: any status from 200 to 299.
    statuses: Vec<u16>,
    /// By the pointer (RFC 6901) to a part of the body.
    body: Vec<(String, Vec<Condition>)>,
    headers: Vec<(HeaderName, Vec<Condition>)>,
    /// Whether the answer is lost.
    pub(super) is_lost: bool,
}

impl Expected {
    /// Reads the member `expect` of a step.
    pub(super) fn read(value: Value) -> Result<Expected, MemberError> {
        if !value.is_object() {
            return Ok(Expected { statuses: statuses("expect", &value)?, ..Expected::default() });
        }
        let mut members = Members::of(value, "expect", &["status", "body", "headers", "lost"])?;
        let status = members.take("status");
        let statuses = status.as_ref().map_or(Ok(Vec::new()), |value| statuses("expect.status", value))?;
        let (body, headers) = (members.mapping("body")?, members.mapping("headers")?);
        let is_lost = match members.take("lost") {
            None => false,
            Some(Value::Bool(is_lost)) => is_lost,
            Some(_) => return Err(wrong("expect.lost", "true or false")),
        };
        if is_lost && !(status.is_none() && body.is_empty() && headers.is_empty()) {
            return Err(wrong("expect.lost", "the only member of `expect`: a lost answer has no other part"));
        }
        let body = body.into_iter().map(part).collect::<Result<_, _>>()?;
        let headers = headers.into_iter().map(header).collect::<Result<_, _>>()?;
        Ok(Expected { statuses, body, headers, is_lost })
    }

    /// Whether the step tests a refusal of a malformed request, so that the contract does not bind it.
    pub(super) fn is_refusal(&self) -> bool {
        !self.statuses.is_empty() && self.statuses.iter().all(|status| (400..500).contains(status))
    }

    /// Fails if a condition has a variable that has no value.
    pub(super) fn check_variables(&self, variables: &Variables) -> Result<(), VariableError> {
        let (body, headers) = (self.body.iter(), self.headers.iter());
        let conditions =
            body.map(|(_, conditions)| conditions).chain(headers.map(|(_, conditions)| conditions));
        conditions.flatten().try_for_each(|condition| condition.filled(variables).map(drop))
    }

    /// The expectations that the answer does not meet.
    pub(super) fn failures(
        &self,
        answer: Option<&Response<Bytes>>,
        variables: &Variables,
    ) -> Result<Vec<Failure>, VariableError> {
        let answer = match (answer, self.is_lost) {
            (None, true) => return Ok(Vec::new()),
            (None, false) => return Ok(vec![Failure::new("answer", self.wanted_status(), LOST)]),
            (Some(answer), true) => {
                return Ok(vec![Failure::new(
                    "answer",
                    LOST,
                    format!("status {}", answer.status().as_u16()),
                )]);
            }
            (Some(answer), false) => answer,
        };
        let mut failures: Vec<Failure> = self.status_failure(answer.status().as_u16()).into_iter().collect();
        let body = self.body.first().map(|_| serde_json::from_slice::<Value>(answer.body()));
        match body {
            None => {}
            Some(Err(_)) => failures.push(Failure::new("body", "JSON", "no JSON")),
            Some(Ok(body)) => {
                for (pointer, conditions) in &self.body {
                    let found = body.pointer(pointer);
                    let nearest = || found.is_none().then(|| nearest(&body, pointer)).flatten();
                    let what = if pointer.is_empty() { "body".to_owned() } else { format!("body {pointer}") };
                    let conditions = conditions.iter().map(|condition| condition.filled(variables));
                    failures.extend(unmet(conditions, &what, found, nearest)?);
                }
            }
        }
        for (name, conditions) in &self.headers {
            let found = answer.headers().get(name).map(text);
            let nearest = || found.is_none().then(|| names(answer.headers()));
            let conditions = conditions.iter().map(|condition| Ok(condition.filled(variables)?.on_text()));
            failures.extend(unmet(conditions, &format!("header {name}"), found.as_ref(), nearest)?);
        }
        Ok(failures)
    }

    fn status_failure(&self, found: u16) -> Option<Failure> {
        let is_met = match self.statuses.as_slice() {
            [] => (200..300).contains(&found),
            statuses => statuses.contains(&found),
        };
        (!is_met).then(|| Failure::new("status", self.wanted_status(), found.to_string()))
    }

    fn wanted_status(&self) -> String {
        match self.statuses.as_slice() {
            [] => "200 to 299".to_owned(),
            statuses => statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(" or "),
        }
    }
}

fn statuses(member: &str, value: &Value) -> Result<Vec<u16>, MemberError> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let status = |value: &Value| value.as_u64().filter(|status| (100..=599).contains(status));
    let read: Option<Vec<u16>> = values.iter().map(|value| u16::try_from(status(value)?).ok()).collect();
    read.filter(|read| !read.is_empty())
        .ok_or_else(|| wrong(member, "a status from 100 to 599, or a list of them"))
}

fn part((pointer, value): (String, Value)) -> Result<(String, Vec<Condition>), MemberError> {
    let member = format!("expect.body.{}", super::members::shown(&pointer));
    if !(pointer.is_empty() || pointer.starts_with('/')) {
        return Err(wrong(&member, "named by a JSON pointer, which is empty or begins with `/`"));
    }
    Ok((pointer, conditions(&member, value)?))
}

fn header((name, value): (String, Value)) -> Result<(HeaderName, Vec<Condition>), MemberError> {
    let member = format!("expect.headers.{}", super::members::shown(&name));
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(&member, "the name of a header"))?;
    Ok((name, conditions(&member, value)?))
}

fn names(headers: &HeaderMap) -> String {
    let names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
    format!("the headers are {}", names.join(", "))
}

fn text(value: &HeaderValue) -> Value {
    Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

const LOST: &str = "no answer: it is lost";
