//! An answer of a host, as the checks read it.

use std::collections::BTreeSet;

use serde_json::Value;

/// One answer to one request.
pub struct Answer<'a> {
    /// Whether the request was a HEAD, whose answer has no body.
    pub to_head: bool,
    pub status: u16,
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// Every value of a header. The case of the name does not matter.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The media type in lower case, without its parameters. A charset other than UTF-8 is an error.
    pub fn media_type(&self) -> Result<String, String> {
        let [value] = self.values("content-type")[..] else {
            return Err("the answer must have one content type".into());
        };
        let mut parts = value.split(';').map(|part| part.trim().to_ascii_lowercase());
        let media_type = parts.next().unwrap_or_default();
        match parts.find(|parameter| parameter != "charset=utf-8") {
            Some(other) => Err(format!("the content type has the parameter `{other}`")),
            None => Ok(media_type),
        }
    }

    /// Whether HTTP allows a body in this answer.
    pub fn may_have_body(&self) -> bool {
        !self.to_head && self.status != 204 && self.status != 304
    }

    pub fn check_no_body(&self) -> Result<(), String> {
        if self.body.is_empty() { Ok(()) } else { Err("there must be no body".into()) }
    }

    pub fn json(&self) -> Result<Value, String> {
        serde_json::from_slice(self.body).map_err(|error| format!("the body is not JSON: {error}"))
    }

    /// Checks that `Allow` lists these methods, HEAD if GET is one of them, OPTIONS, and nothing else.
    pub fn check_allow<'m>(&self, methods: impl Iterator<Item = &'m str>) -> Result<(), String> {
        let mut wanted: BTreeSet<&str> = methods.collect();
        if wanted.contains("GET") {
            wanted.insert("HEAD");
        }
        wanted.insert("OPTIONS");
        let values = self.values("allow");
        let found: BTreeSet<&str> = values.iter().flat_map(|value| value.split(',')).map(str::trim).collect();
        if found == wanted { Ok(()) } else { Err(format!("Allow is {found:?} instead of {wanted:?}")) }
    }
}
