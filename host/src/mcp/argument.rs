//! The arguments of a tool, and the parts of a request that carry them.

use super::schema;
use crate::contract::{Parameter, ParameterLocation};

/// An argument of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Argument {
    /// Its name.
    pub(super) name: String,
    /// The part of the request that carries it.
    pub(super) place: Place,
    /// Whether `null` is a value of it. For all others, `null` is the same as no argument.
    pub(super) is_nullable: bool,
}

/// The part of a request that carries an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A segment of the path, by the name of the parameter.
    Path(String),
    /// The query, by the name of the parameter. The values of a list stand in one parameter with this text between them, or each
    /// in a parameter of its own.
    Query(String, Option<&'static str>),
    /// A header, by its name.
    Header(String),
    /// A header with an entity tag. The agent has the tag without its quotes.
    EntityTag(String),
    /// A member of the body.
    Member,
    /// The whole body.
    Body,
}

/// The name and the place of the argument for a parameter. Returns `None` for a header that the host does not pass to the
/// component, or that an agent has no use for. Fails if a call cannot write the value as the contract has it.
pub(super) fn place(parameter: &Parameter) -> Result<Option<(String, Place)>, String> {
    let (name, schema) = (parameter.name.clone(), &parameter.schema);
    Ok(Some(match parameter.location {
        ParameterLocation::Path | ParameterLocation::Query if !parameter.content.is_empty() => {
            return Err(format!("its parameter {name} has a media type, and a call sends plain values"));
        }
        ParameterLocation::Path if schema::names_type(schema, "array") => {
            return Err(format!("its parameter {name} is a list in the path"));
        }
        ParameterLocation::Path | ParameterLocation::Query if schema::names_type(schema, "object") => {
            return Err(format!("its parameter {name} is an object outside of the body"));
        }
        ParameterLocation::Path => match parameter.style.as_deref() {
            None | Some("simple") => (name.clone(), Place::Path(name)),
            Some(style) => return Err(unknown_style(&name, style)),
        },
        ParameterLocation::Query => {
            let separator = separator(parameter)?;
            (name.clone(), Place::Query(name, separator))
        }
        ParameterLocation::Header => match name.to_ascii_lowercase().as_str() {
            "idempotency-key" => ("idempotency_key".to_owned(), Place::Header(name)),
            "if-match" => ("if_match".to_owned(), Place::EntityTag(name)),
            _ => return Ok(None),
        },
        ParameterLocation::Cookie => return Ok(None),
    }))
}

/// What stands between the values of a list in the query, by "Style Values" of OpenAPI 3.0.3. `None` if each value is a
/// parameter of its own.
fn separator(parameter: &Parameter) -> Result<Option<&'static str>, String> {
    let style = parameter.style.as_deref().unwrap_or("form");
    let separator = match style {
        "form" => ",",
        "spaceDelimited" => "%20",
        "pipeDelimited" => "%7C",
        style => return Err(unknown_style(&parameter.name, style)),
    };
    let is_exploded = parameter.explode.unwrap_or(style == "form");
    Ok((!is_exploded).then_some(separator))
}

fn unknown_style(name: &str, style: &str) -> String {
    format!("its parameter {name} has the style {style}, which a call cannot write")
}
