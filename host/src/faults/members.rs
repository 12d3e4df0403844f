//! Reads the members of a JSON object, with errors that name the member by its path.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::rule_error::RuleError;

/// The members of an object that were not taken yet.
pub(super) struct Members {
    /// What stands before the names in errors: empty, or the path of the object and a dot.
    prefix: String,
    members: Map<String, Value>,
}

impl Members {
    /// The members of a rule.
    pub(super) fn of_rule(value: Value, known: &[&str]) -> Result<Members, RuleError> {
        let Value::Object(members) = value else {
            return Err(RuleError::Invalid { member: "rule".into(), reason: "must be an object".into() });
        };
        Members { prefix: String::new(), members }.checked(known)
    }

    /// The members of an action. A word alone stands for an action without members.
    pub(super) fn of_action(value: Value) -> Result<Members, RuleError> {
        let members = match value {
            Value::Object(members) => members,
            Value::String(word) => Map::from_iter([(word, Value::Bool(true))]),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                let reason = "must be an object or the name of an action".into();
                return Err(RuleError::Invalid { member: "do".into(), reason });
            }
        };
        Ok(Members { prefix: "do.".into(), members })
    }

    /// The names of the members.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// The path of a member, as errors have it.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The value of a member, if it is there. `null` counts as a value.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, RuleError> {
        let Some(value) = self.members.remove(name) else { return Ok(None) };
        let taken = serde_json::from_value(value);
        taken.map(Some).map_err(|error| self.wrong(name, error.to_string()))
    }

    /// The value of a member that must be there.
    pub(super) fn need<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, RuleError> {
        self.take(name)?.ok_or_else(|| RuleError::Missing { member: self.path(name) })
    }

    /// The members of a member that is an object. `true` stands for an object without members.
    pub(super) fn inner(&mut self, name: &str, known: &[&str]) -> Result<Option<Members>, RuleError> {
        let members = match self.members.remove(name) {
            None => return Ok(None),
            Some(Value::Object(members)) => members,
            Some(Value::Bool(true)) => Map::new(),
            Some(
                Value::Null | Value::Bool(false) | Value::Number(_) | Value::String(_) | Value::Array(_),
            ) => {
                return Err(self.wrong(name, "must be an object, or `true` for one without members".into()));
            }
        };
        Members { prefix: format!("{}{name}.", self.prefix), members }.checked(known).map(Some)
    }

    /// The error of a member with a wrong value.
    pub(super) fn wrong(&self, name: &str, reason: String) -> RuleError {
        RuleError::Invalid { member: self.path(name), reason }
    }

    fn checked(self, known: &[&str]) -> Result<Members, RuleError> {
        if let Some(name) = self.names().find(|name| !known.contains(name)) {
            return Err(RuleError::Unknown { member: self.path(name), known: listed(known) });
        }
        Ok(self)
    }
}

/// The names as a list for an error.
pub(super) fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
