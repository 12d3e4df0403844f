//! A schema of the contract, compiled.

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// A schema that checks values, and their formats too.
pub struct Schema {
    validator: Validator,
    /// The type of the value that the text of a header or a parameter stands for.
    kind: Kind,
}

enum Kind {
    Text,
    Integer,
    Structure,
}

impl Schema {
    /// Compiles an OpenAPI 3.0 schema. `components` are the targets of its references.
    ///
    /// The contract uses nothing in which OpenAPI 3.0 differs from JSON Schema (`nullable`, a boolean `exclusiveMinimum`), and a
    /// claim about the contract keeps it that way. So the schema needs nothing but its components.
    pub fn compile(schema: &Value, components: &Value) -> Result<Schema, String> {
        let mut root = schema.as_object().ok_or("a schema must be an object")?.clone();
        let kind = Kind::of(&root, components);
        root.insert("components".into(), json!({ "schemas": components }));
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .build(&Value::Object(root))
            .map_err(|error| format!("the schema {schema} does not compile: {error}"))?;
        Ok(Schema { validator, kind })
    }

    /// Checks a value. `Err` names every wrong place.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let faults: Vec<String> = self
            .validator
            .iter_errors(value)
            .map(|error| format!("{error} at `{}`", error.instance_path()))
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
    }

    /// Checks the text of a header or a parameter.
    pub fn check_text(&self, text: &str) -> Result<(), String> {
        match self.kind {
            Kind::Text => self.check(&Value::from(text)),
            Kind::Integer => {
                let number: u64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
                self.check(&Value::from(number))
            }
            Kind::Structure => Err("only text and integers go into headers and parameters".into()),
        }
    }
}

impl Kind {
    fn of(schema: &Map<String, Value>, components: &Value) -> Kind {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.rsplit('/').next());
        let type_name = match name {
            Some(name) => components.get(name).and_then(|schema| schema.get("type")),
            None => schema.get("type"),
        };
        match type_name.and_then(Value::as_str) {
            Some("string") => Kind::Text,
            Some("integer") => Kind::Integer,
            _ => Kind::Structure,
        }
    }
}

/// Closes every object in the schema, except the objects that are explicitly open.
///
/// The contract leaves answers open, so that a later version may add members. The tests close them, so that this version sends
/// only documented members.
pub fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut members: Map<String, Value> =
                members.iter().map(|(name, value)| (name.clone(), closed(value))).collect();
            if members.get("properties").is_some_and(Value::is_object) {
                members.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            Value::Object(members)
        }
        Value::Array(values) => Value::Array(values.iter().map(closed).collect()),
        other => other.clone(),
    }
}
