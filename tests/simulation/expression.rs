//! Evaluates the expressions of DynamoDB that `items::dynamodb` makes. Any other expression is an error of the simulation.

use std::cmp::Ordering;

use items::dynamodb::{AttributeValue, Attributes, Expression};

/// Whether the condition holds for the item.
pub(crate) fn holds(expression: &Expression, item: Option<&Attributes>) -> bool {
    let text = expression.condition();
    let mut reader = Reader::new(&text, expression, item);
    let holds = reader.any();
    assert_eq!(reader.next(), None, "{text}");
    holds
}

/// Makes the assignments and additions.
pub(crate) fn apply(expression: &Expression, item: &mut Attributes) {
    let text = expression.update();
    let before = item.clone();
    let mut reader = Reader::new(&text, expression, Some(&before));
    let mut is_addition = false;
    while let Some(token) = reader.next() {
        match token {
            "SET" => is_addition = false,
            "ADD" => is_addition = true,
            "," => {}
            name if is_addition => {
                let value = reader.operand().unwrap();
                let name = &expression.names[name];
                let sum = add(item.remove(name), value);
                item.insert(name.clone(), sum);
            }
            name => {
                reader.take("=");
                let value = reader.operand().unwrap();
                item.insert(expression.names[name].clone(), value);
            }
        }
    }
}

fn add(before: Option<AttributeValue>, value: AttributeValue) -> AttributeValue {
    match (before, value) {
        (None, value) => value,
        (Some(AttributeValue::N(one)), AttributeValue::N(other)) => {
            AttributeValue::N((number(&one) + number(&other)).to_string())
        }
        (Some(AttributeValue::Ss(mut one)), AttributeValue::Ss(other)) => {
            one.extend(other);
            one.sort();
            one.dedup();
            AttributeValue::Ss(one)
        }
        other => panic!("{other:?} cannot be added"),
    }
}

fn number(text: &str) -> i64 {
    text.parse().unwrap()
}

/// Reads an expression from the left to the right.
struct Reader<'a> {
    rest: &'a str,
    expression: &'a Expression,
    item: Option<&'a Attributes>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, expression: &'a Expression, item: Option<&'a Attributes>) -> Reader<'a> {
        Reader { rest: text, expression, item }
    }

    fn peek(&self) -> Option<&'a str> {
        let rest = self.rest.trim_start();
        let is_sign = |c: char| "(),=<>".contains(c);
        let first = rest.chars().next()?;
        let end = if rest.starts_with("<>") {
            2
        } else if is_sign(first) {
            1
        } else {
            rest.find(|c: char| is_sign(c) || c == ' ').unwrap_or(rest.len())
        };
        Some(&rest[..end])
    }

    fn next(&mut self) -> Option<&'a str> {
        let token = self.peek()?;
        self.rest = &self.rest.trim_start()[token.len()..];
        Some(token)
    }

    fn is_next(&mut self, token: &str) -> bool {
        let is_next = self.peek() == Some(token);
        if is_next {
            self.next();
        }
        is_next
    }

    fn take(&mut self, token: &str) {
        assert!(self.is_next(token), "{token} is missing before {:?}", self.rest);
    }

    fn any(&mut self) -> bool {
        let mut holds = self.all();
        while self.is_next("OR") {
            holds |= self.all();
        }
        holds
    }

    fn all(&mut self) -> bool {
        let mut holds = self.one();
        while self.is_next("AND") {
            holds &= self.one();
        }
        holds
    }

    fn one(&mut self) -> bool {
        if self.is_next("NOT") {
            return !self.one();
        }
        if self.is_next("(") {
            let holds = self.any();
            self.take(")");
            return holds;
        }
        match self.peek() {
            Some(function @ ("attribute_exists" | "attribute_not_exists" | "contains")) => {
                self.next();
                let operands = self.operands();
                match (function, operands.as_slice()) {
                    ("attribute_exists", [operand]) => operand.is_some(),
                    ("attribute_not_exists", [operand]) => operand.is_none(),
                    (_, [Some(AttributeValue::Ss(set)), Some(AttributeValue::S(text))]) => set.contains(text),
                    (_, _) => false,
                }
            }
            _ => {
                let one = self.operand();
                let sign = self.next().unwrap();
                let other = self.operand();
                let (Some(one), Some(other)) = (one, other) else { return false };
                let order = compare(&one, &other);
                match sign {
                    "=" => order == Some(Ordering::Equal),
                    "<>" => order != Some(Ordering::Equal),
                    "<" => order == Some(Ordering::Less),
                    ">" => order == Some(Ordering::Greater),
                    sign => panic!("{sign} is not known"),
                }
            }
        }
    }

    fn operands(&mut self) -> Vec<Option<AttributeValue>> {
        self.take("(");
        let mut operands = vec![self.operand()];
        while self.is_next(",") {
            operands.push(self.operand());
        }
        self.take(")");
        operands
    }

    /// A value, an attribute of the item, or the value of a function.
    fn operand(&mut self) -> Option<AttributeValue> {
        let token = self.next().unwrap();
        if token.starts_with(':') {
            return Some(self.expression.values[token].clone());
        }
        if token.starts_with('#') {
            return self.item?.get(&self.expression.names[token]).cloned();
        }
        match (token, self.operands().as_slice()) {
            ("size", [operand]) => Some(AttributeValue::N(operand.as_ref()?.as_l()?.len().to_string())),
            ("if_not_exists", [operand, otherwise]) => operand.clone().or(otherwise.clone()),
            ("list_append", [Some(AttributeValue::L(one)), Some(AttributeValue::L(other))]) => {
                Some(AttributeValue::L([one.as_slice(), other].concat()))
            }
            (function, operands) => panic!("{function} of {operands:?} is not known"),
        }
    }
}

fn compare(one: &AttributeValue, other: &AttributeValue) -> Option<Ordering> {
    match (one, other) {
        (AttributeValue::S(one), AttributeValue::S(other)) => Some(one.as_bytes().cmp(other.as_bytes())),
        (AttributeValue::N(one), AttributeValue::N(other)) => Some(number(one).cmp(&number(other))),
        _ => None,
    }
}
