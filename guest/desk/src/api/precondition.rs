//! Parses conditional requests (RFC 9110, section 13). The entity tag of a ticket is its version.
//!
//! Both conditions apply to every method, `If-Match` first. This module only parses them: the operation compares them
//! with the version, because only the store has the version. The answer for a ticket that does not exist is 404, whatever
//! the conditions are.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::api::message::Request;
use crate::refusal::{Issue, IssueKind, Refusal};
use crate::ticket::{Expected, Versions};

/// Returns the entity tag of a version.
pub(crate) fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// Parses `If-Match` and `If-None-Match`. Without these headers, every version meets the result.
///
/// In a read, a malformed `If-None-Match` is ignored: the client then only gets the full answer. A write with a malformed
/// condition is refused, because it might make a change that the client wants to prevent.
pub(crate) fn expected(request: &Request) -> Result<Expected, Refusal> {
    // `If-Match` uses the strong comparison (RFC 9110, section 13.1.1), in which a weak tag never matches.
    let one_of = versions(request, "if-match", |tag| !tag.weak).map_err(|TagError| malformed("If-Match"))?;
    let none_of = match versions(request, "if-none-match", |_| true) {
        Err(TagError) if request.is_read() => None,
        read => read.map_err(|TagError| malformed("If-None-Match"))?,
    };
    Ok(Expected { one_of, none_of })
}

/// Returns the versions that a header names. Only tags for which `counts` is true are included.
fn versions(
    request: &Request,
    name: &str,
    counts: impl Fn(&Tag<'_>) -> bool,
) -> Result<Option<Versions>, TagError> {
    Ok(Tags::parse(request, name)?.map(|tags| match tags {
        Tags::Any => Versions::Any,
        Tags::Listed(tags) => {
            Versions::Listed(tags.into_iter().filter(counts).filter_map(|tag| tag.version()).collect())
        }
    }))
}

fn malformed(header: &str) -> Refusal {
    Refusal::Invalid([Issue::new(header.into(), IssueKind::EntityTags)].into())
}

enum Tags<'a> {
    Any,
    Listed(Vec<Tag<'a>>),
}

struct Tag<'a> {
    weak: bool,
    opaque: &'a str,
}

struct TagError;

impl<'a> Tags<'a> {
    /// Parses all headers with this name as if they were one list.
    fn parse(request: &'a Request, name: &str) -> Result<Option<Self>, TagError> {
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
            (true, false) | (false, true) => Err(TagError),
        }
    }
}

impl<'a> Tag<'a> {
    fn parse_list(list: &'a str, tags: &mut Vec<Self>) -> Result<(), TagError> {
        let mut rest = skip_space(list);
        while !rest.is_empty() {
            // RFC 9110, section 5.6.1, allows empty members in a list.
            if let Some(after) = rest.strip_prefix(',') {
                rest = skip_space(after);
                continue;
            }
            let (tag, after) = Self::parse(rest)?;
            tags.push(tag);
            rest = skip_space(after);
            if !rest.is_empty() && !rest.starts_with(',') {
                return Err(TagError);
            }
        }
        Ok(())
    }

    /// Parses the tag at the start of `text`. Returns the tag and the rest of the text.
    fn parse(text: &'a str) -> Result<(Self, &'a str), TagError> {
        let (weak, text) = text.strip_prefix("W/").map_or((false, text), |strong| (true, strong));
        let (opaque, after) = text.strip_prefix('"').and_then(|text| text.split_once('"')).ok_or(TagError)?;
        let allowed = |c: char| c.is_ascii_graphic() || !c.is_ascii();
        if opaque.chars().all(allowed) { Ok((Self { weak, opaque }, after)) } else { Err(TagError) }
    }

    /// Returns the version that the tag names, or `None` if the desk does not make such tags. Tags are compared byte by
    /// byte, so `"01"` is not `"1"`.
    fn version(&self) -> Option<u64> {
        self.opaque.parse().ok().filter(|version: &u64| version.to_string() == self.opaque)
    }
}

fn skip_space(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}
