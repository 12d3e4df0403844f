//! Reads a body, whole and within its bound.
//!
//! The attack: a body without an end, or one that never comes, holds memory and a connection.

use std::pin::pin;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use tokio::time::{Instant, timeout_at};

use super::Refusal;

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
