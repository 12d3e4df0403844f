//! Conditional requests (RFC 9110, section 13): entity tags are versions of a ticket.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::api::message::Request;
use crate::refusal::{Fault, Issue, Refusal};
use crate::ticket::Expected;

/// The entity tag of a version.
pub(crate) fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The versions that `If-Match` asks for; any without it.
pub(crate) fn expected(request: &Request) -> Result<Expected, Refusal> {
    match Tags::parse(request, "if-match") {
        Ok(None | Some(Tags::Any)) => Ok(Expected::Any),
        // A weak tag promises less than a change needs, so it matches nothing.
        Ok(Some(Tags::Listed(tags))) => {
            Ok(Expected::OneOf(tags.iter().filter(|tag| !tag.weak).filter_map(Tag::version).collect()))
        }
        Err(Malformed) => Err(Refusal::Invalid([Issue::new("If-Match".into(), Fault::IfMatch)].into())),
    }
}

/// Whether the client has this version already. A malformed `If-None-Match` saves nothing and harms nothing: it is
/// as if it were not there.
pub(crate) fn none_match_names(request: &Request, version: u64) -> bool {
    match Tags::parse(request, "if-none-match") {
        Ok(Some(Tags::Any)) => true,
        Ok(Some(Tags::Listed(tags))) => tags.iter().any(|tag| tag.version() == Some(version)),
        Ok(None) | Err(Malformed) => false,
    }
}

enum Tags<'a> {
    Any,
    Listed(Vec<Tag<'a>>),
}

struct Tag<'a> {
    weak: bool,
    opaque: &'a str,
}

struct Malformed;

impl<'a> Tags<'a> {
    /// All headers of that name together, as if they were one list.
    fn parse(request: &'a Request, name: &str) -> Result<Option<Self>, Malformed> {
        let mut values = request.header(name).peekable();
        if values.peek().is_none() {
            return Ok(None);
        }
        let mut any = false;
        let mut tags = Vec::new();
        for value in values {
            if value.trim() == "*" {
                any = true;
            } else {
                Tag::parse_list(value, &mut tags)?;
            }
        }
        match (any, tags.is_empty()) {
            (true, true) => Ok(Some(Self::Any)),
            (false, false) => Ok(Some(Self::Listed(tags))),
            (true, false) | (false, true) => Err(Malformed),
        }
    }
}

impl<'a> Tag<'a> {
    fn parse_list(list: &'a str, tags: &mut Vec<Self>) -> Result<(), Malformed> {
        let mut rest = skip_space(list);
        while !rest.is_empty() {
            // A list may have empty members.
            if let Some(after) = rest.strip_prefix(',') {
                rest = skip_space(after);
                continue;
            }
            let (tag, after) = Self::parse(rest)?;
            tags.push(tag);
            rest = skip_space(after);
            if !rest.is_empty() && !rest.starts_with(',') {
                return Err(Malformed);
            }
        }
        Ok(())
    }

    /// The tag that `text` begins with, and what follows it.
    fn parse(text: &'a str) -> Result<(Self, &'a str), Malformed> {
        let (weak, text) = text.strip_prefix("W/").map_or((false, text), |strong| (true, strong));
        let (opaque, after) =
            text.strip_prefix('"').and_then(|text| text.split_once('"')).ok_or(Malformed)?;
        let allowed = |c: char| c.is_ascii_graphic() || !c.is_ascii();
        if opaque.chars().all(allowed) { Ok((Self { weak, opaque }, after)) } else { Err(Malformed) }
    }

    /// The version that the tag stands for, if it is one of ours: tags are compared as they are, so `"01"` is not
    /// `"1"`.
    fn version(&self) -> Option<u64> {
        self.opaque.parse().ok().filter(|version: &u64| version.to_string() == self.opaque)
    }
}

fn skip_space(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}
