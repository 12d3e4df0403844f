//! Conditional requests (RFC 9110, section 13): entity tags are versions of a ticket.
//!
//! Both conditions are evaluated under every method, `If-Match` first. Whoever does the operation compares them with
//! the version, since only the store knows it; a ticket that does not exist is a 404, whatever the conditions are.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::api::message::Request;
use crate::refusal::{Issue, IssueKind, Refusal};
use crate::ticket::{Expected, Versions};

/// The entity tag of a version.
pub(crate) fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The versions that `If-Match` and `If-None-Match` ask for; any without them.
///
/// A malformed `If-None-Match` of a read saves nothing and harms nothing: it is as if it were not there. A write whose
/// condition cannot be read is refused, since it might do what the client wants to prevent.
pub(crate) fn expected(request: &Request) -> Result<Expected, Refusal> {
    // A weak tag promises less than a change needs, so to `If-Match` it matches nothing.
    let one_of = versions(request, "if-match", |tag| !tag.weak).map_err(|TagError| malformed("If-Match"))?;
    let none_of = match versions(request, "if-none-match", |_| true) {
        Err(TagError) if request.is_read() => None,
        read => read.map_err(|TagError| malformed("If-None-Match"))?,
    };
    Ok(Expected { one_of, none_of })
}

/// The versions that the tags of a header stand for, as far as the header's comparison lets them count.
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
    /// All headers of that name together, as if they were one list.
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
            // A list may have empty members.
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

    /// The tag that `text` begins with, and what follows it.
    fn parse(text: &'a str) -> Result<(Self, &'a str), TagError> {
        let (weak, text) = text.strip_prefix("W/").map_or((false, text), |strong| (true, strong));
        let (opaque, after) = text.strip_prefix('"').and_then(|text| text.split_once('"')).ok_or(TagError)?;
        let allowed = |c: char| c.is_ascii_graphic() || !c.is_ascii();
        if opaque.chars().all(allowed) { Ok((Self { weak, opaque }, after)) } else { Err(TagError) }
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
