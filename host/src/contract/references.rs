//! Resolves the references (`$ref`) of a contract to its own components.

use serde_json::{Map, Value};

/// The components that a contract may refer to.
pub(super) struct References {
    /// A document that has only `components`, so that the references are JSON pointers into it.
    root: Value,
    /// How many values may still be copied in place of references.
    budget: usize,
}

impl References {
    pub(super) fn new(components: Value) -> References {
        let root = Value::Object(Map::from_iter([("components".to_owned(), components)]));
        References { root, budget: RESOLVED_VALUES }
    }

    /// Returns a copy of `value` in which each reference is replaced by what it refers to.
    ///
    /// A reference stays as it is if it leads out of the components or into itself. The copy is limited in depth and
    /// in size: a few schemas that refer to each other twice would otherwise fill the memory.
    pub(super) fn resolve(&mut self, value: &Value) -> Value {
        let References { root, budget } = self;
        Resolver { root, budget, open: Vec::new(), depth: 0 }.copy(value)
    }
}

struct Resolver<'a> {
    root: &'a Value,
    budget: &'a mut usize,
    /// The references that are being resolved, the outermost first.
    open: Vec<String>,
    depth: usize,
}

impl Resolver<'_> {
    fn copy(&mut self, value: &Value) -> Value {
        if self.depth >= DEPTH {
            return Value::Null;
        }
        self.depth += 1;
        if !self.open.is_empty() {
            *self.budget = self.budget.saturating_sub(1);
        }
        let copy = match value {
            Value::Object(members) => self.object(members),
            Value::Array(items) => items.iter().map(|item| self.copy(item)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        };
        self.depth -= 1;
        copy
    }

    fn object(&mut self, members: &Map<String, Value>) -> Value {
        if let Some((reference, target)) = self.target(members) {
            self.open.push(reference);
            let copy = self.copy(target);
            self.open.pop();
            return copy;
        }
        let members = members.iter().map(|(name, member)| (name.clone(), self.copy(member)));
        members.collect::<Map<_, _>>().into()
    }
}

impl<'a> Resolver<'a> {
    /// Returns the reference that an object stands for and its target, if it can be resolved.
    fn target(&self, members: &Map<String, Value>) -> Option<(String, &'a Value)> {
        let reference = members.get("$ref")?.as_str()?;
        if *self.budget == 0 || self.open.iter().any(|open| open == reference) {
            return None;
        }
        let target = self.root.pointer(reference.strip_prefix('#')?)?;
        Some((reference.to_owned(), target))
    }
}

/// More values than the references of a large contract need.
const RESOLVED_VALUES: usize = 200_000;
/// How deep a resolved value may be nested.
const DEPTH: usize = 64;
