//! Reads a body, whole and within its limit. It is taken as it is: a content coding is refused, not decoded.
//!
//! The attack: a body without an end, or one that never comes, holds memory and a connection.

use std::pin::pin;

use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::{Body, Bytes};
use hyper::header::CONTENT_ENCODING;
use tokio::time::{Instant, timeout_at};

use super::Refusal;

/// Refuses a body that is encoded, or said to be. The component is not told of codings: it would take the bytes for
/// JSON, or a body that only its header calls encoded for what it is not.
pub(super) fn check_coding(headers: &HeaderMap) -> Result<(), Refusal> {
    let lists = headers.get_all(CONTENT_ENCODING).iter().map(|list| String::from_utf8_lossy(list.as_bytes()));
    match lists.flat_map(|list| list.split(',').filter_map(coding).collect::<Vec<_>>()).next() {
        Some(coding) => Err(Refusal::BodyEncoded { coding }),
        None => Ok(()),
    }
}

/// One member of the header, if it is a coding: `identity` is none, and a list may have empty members. Shown without
/// what no name of a coding has in it.
fn coding(member: &str) -> Option<String> {
    let name = member.trim();
    let is_none = name.is_empty() || name.eq_ignore_ascii_case("identity");
    let shown = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '?' };
    (!is_none).then(|| name.chars().take(CODING_CHARACTERS).map(shown).collect())
}

/// The whole body: at most `limit_bytes`, and all of it by `deadline`.
pub(super) async fn read<B>(body: B, limit_bytes: usize, deadline: Instant) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes>,
{
    // A body that announces its size is refused before a byte of it is read.
    if body.size_hint().lower() > limit_bytes as u64 {
        return Err(Refusal::BodyTooLarge { limit_bytes });
    }
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    match timeout_at(deadline, gather(body, limit_bytes)).await {
        Ok(gathered) => gathered,
        Err(_elapsed) => Err(Refusal::BodySlow),
    }
}

/// Copies the pieces together as they come. To keep each until the last has come would hold, for a body in pieces
/// of one byte, twenty times its size.
async fn gather<B>(body: B, limit_bytes: usize) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes>,
{
    let mut body = pin!(body);
    let mut gathered = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_broken| Refusal::BodyBroken)?;
        let Ok(piece) = frame.into_data() else { continue };
        if gathered.len() + piece.len() > limit_bytes {
            return Err(Refusal::BodyTooLarge { limit_bytes });
        }
        gathered.extend_from_slice(&piece);
    }
    Ok(gathered.into())
}

/// The most of a coding's name that a refusal shows; the longest that is registered has 17.
const CODING_CHARACTERS: usize = 32;

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn refused(lists: &[&[u8]]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for list in lists {
            headers.append(CONTENT_ENCODING, HeaderValue::from_bytes(list).unwrap());
        }
        match check_coding(&headers) {
            Err(Refusal::BodyEncoded { coding }) => Some(coding),
            Err(other) => panic!("{other}"),
            Ok(()) => None,
        }
    }

    #[test]
    fn a_body_that_is_not_encoded_is_taken_however_that_is_said() {
        let plain: [&[&[u8]]; 6] =
            [&[], &[b""], &[b"identity"], &[b" Identity ,, IDENTITY"], &[b"identity", b""], &[b"\t,"]];
        for lists in plain {
            assert_eq!(refused(lists), None, "{lists:?}");
        }
    }

    #[test]
    fn a_coding_is_named_in_whatever_way_the_header_has_it() {
        let long = "x".repeat(1000);
        let cases: [(&[&[u8]], &str); 10] = [
            (&[b"gzip"], "gzip"),
            (&[b"GZIP"], "GZIP"),
            (&[b"identity, br"], "br"),
            (&[b"identity", b"zstd"], "zstd"),
            (&[b"deflate, gzip"], "deflate"),
            (&[b"utf-8"], "utf-8"),
            (&[b"gzip;q=0"], "gzip?q?0"),
            (&[b"<b>\"\xe9"], "?b???"),
            (&[b"*"], "?"),
            (&[long.as_bytes()], &long[..32]),
        ];
        for (lists, named) in cases {
            assert_eq!(refused(lists).as_deref(), Some(named), "{lists:?}");
        }
    }
}
