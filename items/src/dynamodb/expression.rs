//! Expressions of DynamoDB. Every name and every value is a placeholder, because DynamoDB reserves many words, and so that
//! no input can become a part of an expression.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use alloc::collections::BTreeMap;

use crate::dynamodb::AttributeValue;

/// The assignments, additions and conditions of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expression {
    /// `ExpressionAttributeNames`.
    pub names: BTreeMap<String, String>,
    /// `ExpressionAttributeValues`.
    pub values: BTreeMap<String, AttributeValue>,
    sets: Vec<String>,
    adds: Vec<String>,
    conditions: Vec<String>,
}

impl Expression {
    /// Makes a placeholder for a name.
    pub(crate) fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#{}", self.names.len());
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    /// Makes a placeholder for a value.
    pub(crate) fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    /// Makes a placeholder for a text.
    pub(crate) fn text(&mut self, text: &str) -> String {
        self.value(AttributeValue::S(text.to_owned()))
    }

    /// Makes a placeholder for a number.
    pub(crate) fn number(&mut self, number: &impl ToString) -> String {
        self.value(AttributeValue::N(number.to_string()))
    }

    /// Sets an attribute.
    pub(crate) fn set(&mut self, name: &str, to: &str) {
        self.sets.push(format!("{name} = {to}"));
    }

    /// Adds to a number or to a set.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.adds.push(format!("{name} {value}"));
    }

    /// Adds a condition. All conditions must hold.
    pub(crate) fn only_if(&mut self, condition: String) {
        self.conditions.push(condition);
    }

    /// The `UpdateExpression`.
    #[must_use]
    pub fn update(&self) -> String {
        format!("SET {} ADD {}", self.sets.join(", "), self.adds.join(", "))
    }

    /// The `ConditionExpression`.
    #[must_use]
    pub fn condition(&self) -> String {
        self.conditions.join(" AND ")
    }
}
