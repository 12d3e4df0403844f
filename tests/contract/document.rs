//! From the YAML document to operations with compiled schemas.

use serde_json::Value;

use super::operation::{Content, Header, Operation, Parameter, Reply};
use super::schema::{Schema, closed};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The contract as a JSON document.
pub struct Document {
    root: Value,
    /// The schemas for requests: as the contract has them.
    schemas: Value,
    /// The schemas for answers: closed.
    closed_schemas: Value,
}

impl Document {
    pub fn parse(yaml: &str) -> Result<Document, String> {
        let root: Value = serde_saphyr::from_str(yaml).map_err(|error| error.to_string())?;
        let schemas = root.pointer("/components/schemas").ok_or("there are no components/schemas")?.clone();
        Ok(Document { closed_schemas: closed(&schemas), schemas, root })
    }

    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The value at a JSON pointer.
    pub fn at(&self, pointer: &str) -> Result<&Value, String> {
        self.root.pointer(pointer).ok_or_else(|| format!("there is no {pointer}"))
    }

    /// Every operation, by path and method.
    pub fn operations(&self) -> Result<Vec<Operation>, String> {
        let mut operations = Vec::new();
        for (path, item) in members(self.at("/paths")?) {
            for method in METHODS {
                if let Some(written) = item.get(method) {
                    operations.push(self.operation(path, item, method, written)?);
                }
            }
        }
        Ok(operations)
    }

    fn operation(
        &self,
        path: &str,
        item: &Value,
        method: &str,
        written: &Value,
    ) -> Result<Operation, String> {
        let shared = elements(&item["parameters"]);
        let parameters = shared.chain(elements(&written["parameters"]));
        let replies = members(&written["responses"]).map(|(status, reply)| {
            let status = status.parse().map_err(|_| format!("{path} documents the status `{status}`"))?;
            Ok((status, self.reply(reply)?))
        });
        Ok(Operation {
            id: text(written, "operationId")?,
            method: method.to_uppercase(),
            path: path.into(),
            description: text(written, "description")?,
            parameters: parameters.map(|parameter| self.parameter(parameter)).collect::<Result<_, _>>()?,
            request: self.content(&written["requestBody"]["content"], &self.schemas)?,
            replies: replies.collect::<Result<_, String>>()?,
            samples: elements(&written["x-codeSamples"])
                .filter(|sample| sample["lang"] == "Shell" && sample["label"].is_string())
                .map(|sample| text(sample, "source"))
                .collect::<Result<_, _>>()?,
        })
    }

    fn parameter(&self, written: &Value) -> Result<Parameter, String> {
        let written = self.resolved(written)?;
        Ok(Parameter {
            name: text(written, "name")?,
            place: text(written, "in")?,
            required: written["required"] == true,
            description: text(written, "description")?,
            schema: Schema::compile(&written["schema"], &self.schemas)?,
            example: written.get("example").cloned(),
        })
    }

    fn reply(&self, written: &Value) -> Result<Reply, String> {
        let written = self.resolved(written)?;
        let headers = members(&written["headers"]).map(|(name, header)| self.header(name, header));
        Ok(Reply {
            headers: headers.collect::<Result<_, _>>()?,
            content: self.content(&written["content"], &self.closed_schemas)?,
        })
    }

    pub fn header(&self, name: &str, written: &Value) -> Result<Header, String> {
        let written = self.resolved(written)?;
        Ok(Header {
            name: name.into(),
            required: written["required"] == true,
            schema: self.answer_schema(&written["schema"])?,
            example: written.get("example").cloned(),
        })
    }

    /// Compiles a schema of an answer, closed.
    pub fn answer_schema(&self, written: &Value) -> Result<Schema, String> {
        Schema::compile(&closed(written), &self.closed_schemas)
    }

    fn content(&self, written: &Value, schemas: &Value) -> Result<Vec<Content>, String> {
        let content = members(written).map(|(media_type, body)| {
            let named = members(&body["examples"]).map(|(name, example)| {
                let value = self.resolved(example)?.get("value");
                Ok((name.to_string(), value.ok_or(format!("the example {name} has no value"))?.clone()))
            });
            Ok(Content {
                media_type: media_type.to_string(),
                schema: Schema::compile(&body["schema"], schemas)?,
                examples: named.collect::<Result<_, String>>()?,
            })
        });
        content.collect()
    }

    /// The target of a `$ref`, or the value itself.
    fn resolved<'a>(&'a self, written: &'a Value) -> Result<&'a Value, String> {
        match written.get("$ref").and_then(Value::as_str) {
            Some(target) => self.at(target.strip_prefix('#').ok_or(format!("{target} is elsewhere"))?),
            None => Ok(written),
        }
    }
}

fn text(written: &Value, name: &str) -> Result<String, String> {
    let found = written.get(name).and_then(Value::as_str);
    found.map(String::from).ok_or_else(|| format!("`{name}` is missing in {written}"))
}

fn members(written: &Value) -> impl Iterator<Item = (&str, &Value)> {
    written.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn elements(written: &Value) -> impl Iterator<Item = &Value> {
    written.as_array().into_iter().flatten()
}
