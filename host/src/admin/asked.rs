//! What a request to the console says: its query and its body.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::guard::BodyLimits;
use super::{About, Refusal};
use crate::pipeline::Pipeline;
use crate::space::{MAIN, Space, Spaces};

/// A request to the console, and what it asks about.
pub(super) struct Asked<'a> {
    pub(super) pipeline: &'a Arc<Pipeline>,
    pub(super) spaces: &'a Arc<Spaces>,
    pub(super) about: &'a About,
    pub(super) head: &'a Parts,
    pub(super) body: Incoming,
}

impl<'a> Asked<'a> {
    /// The query. Fails if it has a member that is not `known`: a name with a typing error would otherwise mean nothing.
    pub(super) fn query(&self, known: &'static [&'static str]) -> Result<Query<'a>, Refusal> {
        Query::parse(self.head.uri.query().unwrap_or_default(), known)
    }

    /// The space that the query names, or the space `main`.
    pub(super) fn space(&self, query: &Query<'_>) -> Result<Arc<Space>, Refusal> {
        Ok(self.spaces.find(query.text("space").unwrap_or(MAIN))?)
    }

    /// The whole body.
    pub(super) async fn bytes(self) -> Result<Bytes, Refusal> {
        let limit_bytes = BodyLimits::of(self.head.uri.path()).bytes;
        let limit = usize::try_from(limit_bytes).unwrap_or(usize::MAX);
        let read = timeout(BODY_TIME, Limited::new(self.body, limit).collect()).await;
        let body = read.map_err(|_elapsed| Refusal::BodySlow)?.map_err(|error| {
            if error.is::<LengthLimitError>() {
                Refusal::TooLarge { limit_bytes }
            } else {
                Refusal::BodyBroken
            }
        })?;
        Ok(body.to_bytes())
    }

    /// The body as JSON. An empty body counts as an object without members.
    pub(super) async fn json<T: DeserializeOwned>(self) -> Result<T, Refusal> {
        let body = self.bytes().await?;
        let body = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
        serde_json::from_slice(&body).map_err(|error| Refusal::Malformed(error.to_string()))
    }

    /// The space that the member `space` of the body names, or the space `main`, and the other members of the body.
    pub(super) async fn in_space<T: DeserializeOwned>(self) -> Result<(Arc<Space>, T), Refusal> {
        let spaces = self.spaces;
        let mut members: Map<String, Value> = self.json().await?;
        let space = match members.remove("space") {
            None => spaces.find(MAIN)?,
            Some(Value::String(name)) => spaces.find(&name)?,
            Some(_) => return Err(Refusal::Malformed("`space`: write the name of a space".to_owned())),
        };
        let others = serde_json::from_value(Value::Object(members));
        Ok((space, others.map_err(|error| Refusal::Malformed(error.to_string()))?))
    }
}

/// The members of a query.
#[derive(Debug)]
pub(super) struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    fn parse(text: &'a str, known: &'static [&'static str]) -> Result<Query<'a>, Refusal> {
        let mut members: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        for member in text.split('&').filter(|member| !member.is_empty()) {
            let (name, value) = member.split_once('=').unwrap_or((member, ""));
            let decoded = |text| percent_decode_str(text).decode_utf8().ok();
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                return Err(Refusal::Malformed("the query is not UTF-8".to_owned()));
            };
            if !known.contains(&&*name) {
                let known = known.join(", ");
                return Err(Refusal::Malformed(format!(
                    "`{name}` is not a member of the query; there are {known}"
                )));
            }
            if members.iter().any(|(other, _)| *other == name) {
                return Err(Refusal::Malformed(format!("`{name}` is in the query twice")));
            }
            members.push((name, value));
        }
        Ok(Query(members))
    }

    /// The value of a member.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| &**value)
    }

    /// The value of a member, parsed. `expected` completes the sentence "it is not".
    pub(super) fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, Refusal> {
        let wrong = |_| Refusal::Malformed(format!("`{name}`: the value is not {expected}"));
        self.text(name).map(|text| text.parse().map_err(wrong)).transpose()
    }

    /// The value of a member of which there are few words.
    pub(super) fn word<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let wrong = |error: serde_json::Error| Refusal::Malformed(format!("`{name}`: {error}"));
        self.text(name).map(|text| serde_json::from_value(text.into()).map_err(wrong)).transpose()
    }

    /// The values of a member that are separated by commas.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let values = self.text(name).unwrap_or_default().split(',').filter(|value| !value.is_empty());
        values.map(str::to_owned).collect()
    }
}

/// How long the body of a request may take.
const BODY_TIME: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["space", "after", "ignore"];

    #[test]
    fn a_query_has_known_members_once() {
        let query = Query::parse("space=a%2Db&after=7&ignore=x,y,", KNOWN).unwrap();
        assert_eq!((query.text("space"), query.text("limit")), (Some("a-b"), None));
        assert_eq!(query.parsed::<u64>("after", "a number").unwrap(), Some(7));
        assert_eq!(query.list("ignore"), ["x", "y"]);
        assert!(query.parsed::<u64>("space", "a number").is_err());
        assert!(Query::parse("", KNOWN).unwrap().list("ignore").is_empty());
        for bad in ["afer=7", "after=1&after=2", "space=%ff", "%73pac=a"] {
            assert!(matches!(Query::parse(bad, KNOWN), Err(Refusal::Malformed(_))), "{bad}");
        }
    }
}
