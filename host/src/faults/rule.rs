//! One rule: where it applies, to which requests, and how often.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::action::{Action, Delay, Station, StoreAction, Stored};
use super::members::Members;
use super::rule_error::RuleError;
use super::{Asked, RULES_LIMIT, Verb};
use crate::name::is_name;

/// The longest name of an operation or a client in a rule. It is longer than those that exist.
pub const NAME_LIMIT_BYTES: usize = 256;

/// A rule of faults. It is read from JSON or YAML, and is right if it could be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct Rule {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    at: Station,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verb: Option<Verb>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(rename = "do")]
    pub(super) action: Action<Delay, Stored>,
    /// From 0 to 1.
    pub(super) probability: f64,
    /// How many requests pass before the dice are thrown for the first time.
    pub(super) skip: u64,
    /// The most hits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) times: Option<u64>,
    enabled: bool,
}

impl Rule {
    /// The id, if the rule was given one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The station at which the rule applies.
    #[must_use]
    pub fn station(&self) -> Station {
        self.at
    }

    /// Whether the rule applies to what arrives.
    pub(super) fn applies_to(&self, asked: &Asked<'_>) -> bool {
        self.enabled
            && self.at == asked.station
            && self.operation.as_deref().is_none_or(|operation| asked.operation == Some(operation))
            && self.client.as_deref().is_none_or(|client| asked.client == client)
            && self.verb.is_none_or(|verb| asked.verb == Some(verb))
            && (!self.is_of_writes() || asked.verb.is_some_and(writes))
            && (!self.is_of_lists() || asked.verb == Some(Verb::Query))
    }

    /// The rule with an id.
    pub(super) fn with_id(self, id: &str) -> Rule {
        Rule { id: Some(id.to_owned()), ..self }
    }

    fn is_of_writes(&self) -> bool {
        matches!(self.action, Action::Store(StoreAction::Unknown { .. }))
    }

    fn is_of_lists(&self) -> bool {
        matches!(self.action, Action::Store(StoreAction::Lag(_)))
    }

    fn checked(self) -> Result<Rule, RuleError> {
        if !(0.0..=1.0).contains(&self.probability) {
            return Err(invalid("probability", format!("{} is not within 0 to 1", self.probability)));
        }
        if self.id.as_deref().is_some_and(|id| !is_name(id)) {
            return Err(invalid("id", "must have 1 to 64 characters of `a-z`, `0-9` and `-`"));
        }
        for (member, name) in [("operation", &self.operation), ("client", &self.client)] {
            if name.as_ref().is_some_and(|name| !(1..=NAME_LIMIT_BYTES).contains(&name.len())) {
                return Err(invalid(member, format!("must have 1 to {NAME_LIMIT_BYTES} bytes")));
            }
            if name.is_some() && self.at == Station::Ready {
                return Err(invalid(member, "the readiness check has none; leave it out"));
            }
        }
        if self.verb.is_some() && self.at != Station::Store {
            return Err(invalid("verb", "only a rule of the station `store` has a verb"));
        }
        if self.is_of_writes() && self.verb.is_some_and(|verb| !writes(verb)) {
            return Err(invalid("verb", "`do.unknown` applies only to `insert` and `update`"));
        }
        if self.is_of_lists() && self.verb.is_some_and(|verb| verb != Verb::Query) {
            return Err(invalid("verb", "`do.lag_ms` applies only to `query`"));
        }
        if self.times == Some(0) {
            return Err(invalid("times", "0 would never hit; set `enabled` to false instead"));
        }
        Ok(self)
    }
}

impl TryFrom<Value> for Rule {
    type Error = RuleError;

    fn try_from(value: Value) -> Result<Rule, RuleError> {
        let mut members = Members::of_rule(value, &MEMBERS)?;
        let at = members.need("at")?;
        let rule = Rule {
            id: members.take("id")?,
            at,
            operation: members.take("operation")?,
            verb: members.take("verb")?,
            client: members.take("client")?,
            action: Action::read(at, members.need("do")?)?,
            probability: members.take("probability")?.unwrap_or(1.0),
            skip: members.take("skip")?.unwrap_or(0),
            times: members.take("times")?,
            enabled: members.take("enabled")?.unwrap_or(true),
        };
        rule.checked()
    }
}

/// Reads a list of rules, for a member with `deserialize_with`. The error names the position in the list, from 0, beside the
/// member of the rule.
pub fn read_rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Rule>, D::Error> {
    let values = Vec::<Value>::deserialize(deserializer)?;
    if values.len() > RULES_LIMIT {
        return Err(D::Error::custom(RuleError::TooMany));
    }
    let read = |(position, value)| {
        Rule::try_from(value).map_err(|error| D::Error::custom(format!("`rules[{position}]`: {error}")))
    };
    values.into_iter().enumerate().map(read).collect()
}

const MEMBERS: [&str; 10] =
    ["id", "at", "operation", "verb", "client", "do", "probability", "skip", "times", "enabled"];

fn invalid(member: &str, reason: impl Into<String>) -> RuleError {
    RuleError::Invalid { member: member.to_owned(), reason: reason.into() }
}

fn writes(verb: Verb) -> bool {
    match verb {
        Verb::Insert | Verb::Update => true,
        Verb::Get | Verb::Query => false,
    }
}

#[cfg(test)]
mod tests;
