//! Variables: values of answers that later steps use.

use std::collections::BTreeMap;

use serde_json::Value;

use super::members::shown;

/// A variable cannot be used or saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// No earlier step saves a variable of this name.
    #[error("no earlier step saves the variable `{0}`")]
    Unsaved(String),
    /// The variable stands within a text, and its value is not a text, a number or a boolean.
    #[error("the variable `{0}` stands within a text, but its value is a list, an object or null")]
    NotScalar(String),
    /// A text has `${` without a name and `}`.
    #[error(
        "the text `{0}` has `${{` without the name of a variable and `}}`; write `$${{` for `${{` itself"
    )]
    Malformed(String),
    /// The name is not one that variables can have.
    #[error(
        "`{0}` is not the name of a variable: 1 to {NAME_BYTES} ASCII letters, digits and `_`, not beginning with a \
         digit, and not `{ROUND}`"
    )]
    Name(String),
    /// A text is too long with the values of its variables.
    #[error("a text has more than {TEXT_BYTES} bytes with the values of its variables")]
    TooLong,
    /// A value is too large with the values of its variables.
    #[error("a value has more than {FILLED_BYTES} bytes with the values of its variables")]
    TooLarge,
    /// There are too many variables.
    #[error("the scenario saves more than {VARIABLES} variables")]
    TooMany,
}

/// The variables that have a value.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables {
    values: BTreeMap<String, Value>,
}

impl Variables {
    /// Fails if there would be too many.
    pub(super) fn save(&mut self, name: &str, value: Value) -> Result<(), VariableError> {
        if !self.values.contains_key(name) && self.values.len() >= VARIABLES {
            return Err(VariableError::TooMany);
        }
        self.values.insert(name.to_owned(), value);
        Ok(())
    }

    /// Sets the number of the round of a repeat. `None` outside of a repeat.
    pub(super) fn set_round(&mut self, round: Option<u32>) {
        match round {
            Some(round) => drop(self.values.insert(ROUND.to_owned(), Value::from(round))),
            None => drop(self.values.remove(ROUND)),
        }
    }

    /// A copy of a value in which the variables are replaced. A text that is `$name` becomes the value of the variable, of
    /// whatever type; `${name}` within a text becomes the text of the value. `$$` at these places stands for `$`. The names
    /// of members are left as they are.
    pub(super) fn fill(&self, value: &Value) -> Result<Value, VariableError> {
        let mut room = FILLED_BYTES;
        self.fill_within(value, &mut room)
    }

    /// As [`Variables::fill`], with at most `room` bytes of texts. A file may name a long value in many places.
    fn fill_within(&self, value: &Value, room: &mut usize) -> Result<Value, VariableError> {
        let filled = match value {
            Value::String(text) => {
                let filled = self.fill_text(text)?;
                *room = room.checked_sub(text_bytes(&filled)).ok_or(VariableError::TooLarge)?;
                filled
            }
            Value::Array(values) => {
                let filled = values.iter().map(|value| self.fill_within(value, room));
                Value::Array(filled.collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let filled =
                    members.iter().map(|(name, value)| Ok((name.clone(), self.fill_within(value, room)?)));
                Value::Object(filled.collect::<Result<_, VariableError>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        };
        Ok(filled)
    }

    fn fill_text(&self, text: &str) -> Result<Value, VariableError> {
        if let Some(name) = text.strip_prefix('$') {
            if is_name(name) {
                return self.value(name).cloned();
            }
            if name.strip_prefix('$').is_some_and(is_name) {
                return Ok(Value::from(name));
            }
        }
        let (mut filled, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            if let Some(before) = before.strip_suffix('$') {
                filled.push_str(before);
                filled.push_str("${");
                rest = after;
                continue;
            }
            filled.push_str(before);
            let (name, after) = after
                .split_once('}')
                .filter(|(name, _)| is_name(name))
                .ok_or_else(|| VariableError::Malformed(shown(text)))?;
            let value = self.value(name)?;
            filled.push_str(&text_of(value).ok_or_else(|| VariableError::NotScalar(name.to_owned()))?);
            if filled.len() > TEXT_BYTES {
                return Err(VariableError::TooLong);
            }
            rest = after;
        }
        filled.push_str(rest);
        Ok(Value::String(filled))
    }

    fn value(&self, name: &str) -> Result<&Value, VariableError> {
        self.values.get(name).ok_or_else(|| VariableError::Unsaved(name.to_owned()))
    }
}

/// Fails if variables cannot have this name.
pub(super) fn check_name(name: &str) -> Result<(), VariableError> {
    if is_name(name) && name != ROUND { Ok(()) } else { Err(VariableError::Name(shown(name))) }
}

/// The bytes of the texts of a value, and a little for each of its parts.
fn text_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => PART_BYTES + text.len(),
        Value::Array(values) => PART_BYTES + values.iter().map(text_bytes).sum::<usize>(),
        Value::Object(members) => {
            let bytes = members.iter().map(|(name, value)| name.len() + text_bytes(value));
            PART_BYTES + bytes.sum::<usize>()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => PART_BYTES,
    }
}

/// A value as it stands in a path, a query, a header or a text. `None` if it is a list, an object or null.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is_true) => Some(is_true.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_name(name: &str) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    (1..=NAME_BYTES).contains(&name.len())
        && name.chars().all(is_part)
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// The variable that has the number of the round, from 1, in the steps of a repeat.
const ROUND: &str = "round";
/// Longer names are hard to read in a report.
const NAME_BYTES: usize = 64;
/// More than a body may have.
const TEXT_BYTES: usize = 1 << 20;
/// More than the largest body of a request.
const FILLED_BYTES: usize = 8 << 20;
const PART_BYTES: usize = 32;
/// A scenario for people needs a few; this bounds the memory of a scenario that a program wrote.
const VARIABLES: usize = 1_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variables() -> Variables {
        let mut variables = Variables::default();
        for (name, value) in [("t", json!("a b")), ("n", json!(7)), ("list", json!([1]))] {
            variables.save(name, value).unwrap();
        }
        variables
    }

    #[test]
    fn a_whole_text_becomes_the_value_with_its_type() {
        let filled = variables().fill(&json!({"a": "$n", "b": ["$list"], "$n": "$t"})).unwrap();
        assert_eq!(filled, json!({"a": 7, "b": [[1]], "$n": "a b"}));
    }

    #[test]
    fn a_variable_within_a_text_becomes_text() {
        assert_eq!(variables().fill(&json!("<${t}|${n}>")).unwrap(), json!("<a b|7>"));
        let error = variables().fill(&json!("<${list}>")).unwrap_err();
        assert_eq!(error, VariableError::NotScalar("list".into()));
    }

    #[test]
    fn a_long_value_in_many_places_is_refused_before_it_fills_the_memory() {
        let mut variables = Variables::default();
        variables.save("v", json!("x".repeat(60_000))).unwrap();
        let named = |times: usize| Value::Array(vec![json!("$v"); times]);
        assert!(variables.fill(&named(100)).is_ok());
        assert_eq!(variables.fill(&named(100_000)), Err(VariableError::TooLarge));
        assert_eq!(
            variables.fill(&json!({"a": named(70), "b": {"c": named(70)}})),
            Err(VariableError::TooLarge)
        );
    }

    #[test]
    fn other_dollar_signs_are_text_and_two_stand_for_one() {
        for text in ["$", "$5", "US$ 3", "a$n", "$n$n", "{$n}", "$ n"] {
            assert_eq!(variables().fill(&json!(text)).unwrap(), json!(text));
        }
        assert_eq!(variables().fill(&json!("$$n")).unwrap(), json!("$n"));
        assert_eq!(variables().fill(&json!("$${n} is ${n}")).unwrap(), json!("${n} is 7"));
    }

    #[test]
    fn a_variable_that_is_not_saved_is_an_error_that_names_it() {
        assert_eq!(variables().fill(&json!(["$x"])), Err(VariableError::Unsaved("x".into())));
        assert_eq!(variables().fill(&json!("a${x}")), Err(VariableError::Unsaved("x".into())));
        for text in ["${", "a${n", "${}", "${a b}"] {
            assert_eq!(variables().fill(&json!(text)), Err(VariableError::Malformed(text.into())), "{text}");
        }
    }

    #[test]
    fn there_are_at_most_a_thousand_variables() {
        let mut variables = Variables::default();
        for number in 0..VARIABLES {
            variables.save(&format!("v{number}"), json!(1)).unwrap();
        }
        assert_eq!(variables.save("v1", json!(2)), Ok(()));
        assert_eq!(variables.save("more", json!(2)), Err(VariableError::TooMany));
    }

    #[test]
    fn a_name_is_a_short_word() {
        for name in ["t", "_a1", "T_2"] {
            assert_eq!(check_name(name), Ok(()));
        }
        for name in ["", "1a", "a-b", "a b", "ä", "round", &"a".repeat(65)] {
            assert!(matches!(check_name(name), Err(VariableError::Name(_))), "{name}");
        }
    }
}
