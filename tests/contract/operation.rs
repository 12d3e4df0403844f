//! One operation of the contract: its path, its parameters and body, and its answers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::answer::Answer;
use super::schema::Schema;

/// A method on a path.
pub struct Operation {
    pub id: String,
    pub method: String,
    /// The path template, for example `/tickets/{ticket_id}`.
    pub path: String,
    pub description: String,
    pub parameters: Vec<Parameter>,
    /// The media types of the request body; empty if there is none.
    pub request: Vec<Content>,
    /// The documented answers, by status.
    pub replies: BTreeMap<u16, Reply>,
    /// The sources of the `x-codeSamples` in the language `Shell`.
    pub samples: Vec<String>,
}

/// A parameter in the path, the query or a header.
pub struct Parameter {
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    pub required: bool,
    pub description: String,
    pub schema: Schema,
    pub example: Option<Value>,
}

/// One documented status of an operation.
pub struct Reply {
    pub headers: Vec<Header>,
    /// The media types of the answer; empty if it has no body.
    pub content: Vec<Content>,
}

/// A documented header of an answer.
pub struct Header {
    pub name: String,
    pub required: bool,
    pub schema: Schema,
    pub example: Option<Value>,
}

/// The body of one media type.
pub struct Content {
    pub media_type: String,
    pub schema: Schema,
    /// The examples, with their names.
    pub examples: Vec<(String, Value)>,
}

impl Operation {
    /// Whether a path, without its query, matches the path template.
    pub fn is_at(&self, path: &str) -> bool {
        let mut sought = path.split('/');
        let mut template = self.path.split('/');
        loop {
            match (template.next(), sought.next()) {
                (None, None) => return true,
                (Some(part), Some(segment)) if part.starts_with('{') && !segment.is_empty() => {}
                (Some(part), Some(segment)) if part.as_bytes() == percent_decoded(segment) => {}
                _ => return false,
            }
        }
    }
}

impl Reply {
    /// Checks that the required headers are there, and that every documented header fits its schema.
    pub fn check_headers(&self, answer: &Answer) -> Result<(), String> {
        for header in &self.headers {
            let values = answer.values(&header.name);
            match values.as_slice() {
                [] if header.required => return Err(format!("the header {} is missing", header.name)),
                [] => {}
                [value] => header
                    .schema
                    .check_text(value)
                    .map_err(|fault| format!("the header {}: {fault}", header.name))?,
                _ => return Err(format!("the header {} is there more than once", header.name)),
            }
        }
        Ok(())
    }

    /// The documented body of a media type.
    pub fn content_of(&self, media_type: String) -> Result<&Content, String> {
        self.content
            .iter()
            .find(|content| content.media_type == media_type)
            .ok_or_else(|| format!("the content type {media_type} is not documented"))
    }
}

/// Decodes the percent escapes of a path segment. Anything else stays as it is.
fn percent_decoded(segment: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after
            .get(..2)
            .filter(|digits| first == b'%' && digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    decoded
}
