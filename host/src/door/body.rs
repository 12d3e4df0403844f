//! Reads the whole body, within its limit. A body with a content coding is refused and not decoded.
//!
//! The attack: a body that never ends or never arrives occupies memory and a connection.

use std::pin::pin;

use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::{Body, Bytes};
use hyper::header::CONTENT_ENCODING;
use tokio::time::{Instant, timeout_at};

use super::Refusal;

/// Refuses a body if a header states a content coding. The component does not get that header, so it would parse
/// compressed bytes as JSON.
pub(super) fn check_coding(headers: &HeaderMap) -> Result<(), Refusal> {
    let lists = headers.get_all(CONTENT_ENCODING).iter().map(|list| String::from_utf8_lossy(list.as_bytes()));
    match lists.flat_map(|list| list.split(',').filter_map(coding).collect::<Vec<_>>()).next() {
        Some(coding) => Err(Refusal::BodyEncoded { coding }),
        None => Ok(()),
    }
}

/// Returns the name of the coding in one member of the header, made safe to quote. Returns `None` for `identity`, which
/// means no coding, and for an empty member.
fn coding(member: &str) -> Option<String> {
    let name = member.trim();
    let is_none = name.is_empty() || name.eq_ignore_ascii_case("identity");
    let shown = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '?' };
    (!is_none).then(|| name.chars().take(CODING_CHARACTERS).map(shown).collect())
}

/// Returns the whole body. Refuses a body of more than `limit_bytes`, and one that is not complete by `deadline`.
pub(super) async fn read<B>(body: B, limit_bytes: usize, deadline: Instant) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes>,
{
    // If a header states the size, a body that is too large is refused before any of it is read.
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

/// Copies each piece when it arrives. To keep the pieces themselves would take twenty times the size of the body if each
/// piece has one byte.
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

/// How much of the name of a coding a refusal quotes. The longest registered name has 17 characters.
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
    fn a_body_without_a_coding_is_accepted_however_the_header_states_that() {
        let plain: [&[&[u8]]; 6] =
            [&[], &[b""], &[b"identity"], &[b" Identity ,, IDENTITY"], &[b"identity", b""], &[b"\t,"]];
        for lists in plain {
            assert_eq!(refused(lists), None, "{lists:?}");
        }
    }

    #[test]
    fn a_refusal_quotes_the_first_coding_without_unsafe_characters() {
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
