//! Reads the members of a mapping. Every error names the member.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// A member of a scenario is unknown, missing, or has a wrong value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// Nothing has this name here.
    #[error("there is no member `{member}`; the members are {known}")]
    Unknown {
        /// The member, with the members that it is in.
        member: String,
        /// The members that there are.
        known: String,
    },
    /// The member must be there.
    #[error("the member `{0}` is missing")]
    Missing(String),
    /// The value is of another kind or out of range.
    #[error("`{member}` must be {must}")]
    Wrong {
        /// The member, with the members that it is in.
        member: String,
        /// What the value must be.
        must: Cow<'static, str>,
    },
}

/// The members of a mapping that are not taken yet.
pub(super) struct Members {
    /// The member that the mapping is the value of. Empty for the file and for a step.
    within: String,
    members: Map<String, Value>,
}

impl Members {
    /// Fails if the value is not a mapping, or has a member that is not one of `known`.
    pub(super) fn of(value: Value, within: &str, known: &[&str]) -> Result<Members, MemberError> {
        let Value::Object(members) = value else {
            let member = if within.is_empty() { "file" } else { within };
            return Err(wrong(member, "a mapping of members"));
        };
        let members = Members { within: within.to_owned(), members };
        match members.members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(MemberError::Unknown { member: members.path(name), known: known.join(", ") }),
            None => Ok(members),
        }
    }

    /// The name of a member with the members that it is in, such as `expect.status`.
    pub(super) fn path(&self, name: &str) -> String {
        let name = shown(name);
        if self.within.is_empty() { name } else { format!("{}.{name}", self.within) }
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    /// Takes a text of 1 to `most` characters.
    pub(super) fn text(&mut self, name: &str, most: usize) -> Result<Option<String>, MemberError> {
        let refused = || MemberError::Wrong {
            member: self.path(name),
            must: format!("a text of 1 to {most} characters").into(),
        };
        match self.members.get(name) {
            None => return Ok(None),
            Some(Value::String(text)) if (1..=most).contains(&text.chars().count()) => {}
            Some(_) => return Err(refused()),
        }
        Ok(self.take(name).and_then(|text| text.as_str().map(str::to_owned)))
    }

    /// Takes a mapping. It is empty if the member is absent.
    pub(super) fn mapping(&mut self, name: &str) -> Result<Map<String, Value>, MemberError> {
        match self.take(name) {
            None => Ok(Map::new()),
            Some(Value::Object(mapping)) => Ok(mapping),
            Some(_) => Err(wrong(&self.path(name), "a mapping of names to values")),
        }
    }
}

pub(super) fn wrong(member: &str, must: &'static str) -> MemberError {
    MemberError::Wrong { member: member.to_owned(), must: must.into() }
}

/// A name from a file, as an error shows it: short, on one line.
pub(super) fn shown(name: &str) -> String {
    let short: String = name.chars().take(SHOWN_CHARACTERS).collect();
    short.escape_debug().to_string()
}

/// Enough to find the name in the file.
const SHOWN_CHARACTERS: usize = 64;
