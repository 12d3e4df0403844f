//! Parses a flat JSON object of strings strictly, and reports all issues at once.
//!
//! A possible attack: a body of 64 KiB can nest 64 Ki arrays, and a component has only one page of stack. This parser
//! therefore skips values that are not strings without recursion.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::refusal::{Issue, IssueKind, Refusal};

/// The known members of a body, and the issues of all other members.
pub(crate) struct Object {
    texts: Vec<(&'static str, String)>,
    issues: Vec<Issue>,
}

impl Object {
    pub(crate) fn read(body: &[u8], known: &'static [&'static str]) -> Result<Self, Refusal> {
        if body.len() > BODY_LIMIT_BYTES {
            return Err(Refusal::BodyTooLarge { limit_bytes: BODY_LIMIT_BYTES });
        }
        // Programs on Windows may write a byte order mark first. RFC 8259, section 8.1, allows parsers to ignore it.
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        let malformed = |error: serde_json::Error| Refusal::MalformedBody(error.to_string());
        match body.trim_ascii_start().first() {
            None => Err(Refusal::EmptyBody),
            Some(b'{') => {
                let mut json = serde_json::Deserializer::from_slice(body);
                let object = json.deserialize_map(ObjectVisitor { known }).map_err(malformed)?;
                json.end().map_err(malformed)?;
                Ok(object)
            }
            Some(_) => {
                serde_json::from_slice::<IgnoredAny>(body).map_err(malformed)?;
                Err(Refusal::NotAnObject)
            }
        }
    }

    /// Parses the member `name`. If the member is missing or invalid, returns `None` and keeps the issue for `finish`.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(String) -> Result<T, IssueKind>,
    ) -> Option<T> {
        let present = self.texts.iter().any(|(member, _)| *member == name);
        // A member of a wrong type is not missing, and already has an issue.
        if !present && !self.issues.iter().any(|issue| issue.field == name) {
            self.issues.push(Issue::new(name.into(), IssueKind::MissingMember));
        }
        self.optional(name, parse)
    }

    /// Parses the member `name` as `required` does, but a missing member is not an issue.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(String) -> Result<T, IssueKind>,
    ) -> Option<T> {
        let at = self.texts.iter().position(|(member, _)| *member == name)?;
        let (_, text) = self.texts.swap_remove(at);
        parse(text).map_err(|kind| self.issues.push(Issue::new(name.into(), kind))).ok()
    }

    /// Returns the value that `made` builds from the members, or all issues if there are any.
    pub(crate) fn finish<T>(self, made: impl FnOnce() -> Option<T>) -> Result<T, Refusal> {
        match made() {
            Some(made) if self.issues.is_empty() => Ok(made),
            _ => Err(Refusal::Invalid(self.issues)),
        }
    }
}

struct ObjectVisitor {
    known: &'static [&'static str],
}

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Object, A::Error> {
        let mut seen = Vec::new();
        let mut object = Object { texts: Vec::new(), issues: Vec::new() };
        while let Some(name) = members.next_key::<String>()? {
            let Some(&known) = self.known.iter().find(|known| **known == name) else {
                members.next_value::<IgnoredAny>()?;
                object.issues.push(Issue::new(name, IssueKind::UnknownMember { known: self.known }));
                continue;
            };
            let value = members.next_value::<Value>()?;
            if seen.contains(&known) {
                object.issues.push(Issue::new(name, IssueKind::RepeatedMember));
                continue;
            }
            seen.push(known);
            match value {
                Value::Text(text) => object.texts.push((known, text)),
                Value::Other(found) => object.issues.push(Issue::new(name, IssueKind::NotAText { found })),
            }
        }
        Ok(object)
    }
}

/// A string, or the kind of another value.
enum Value {
    Text(String),
    Other(&'static str),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Other("null"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other("a boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other("a number"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other("an array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other("an object"))
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

const BODY_LIMIT_BYTES: usize = 64 * 1024;
