//! Reads a body, whole and within its bound.
//!
//! The attack: a body without an end, or one that never comes, holds memory and a connection.

use http_body_util::LengthLimitError;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes};
use tokio::time::{Instant, timeout_at};

use super::Refusal;

/// The whole body: at most `limit_bytes`, and all of it by `deadline`.
pub(super) async fn read<B>(body: B, limit_bytes: usize, deadline: Instant) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    // A body that announces its size is refused before a byte of it is read.
    if body.size_hint().lower() > limit_bytes as u64 {
        return Err(Refusal::BodyTooLarge { limit_bytes });
    }
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    match timeout_at(deadline, Limited::new(body, limit_bytes).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::BodyTooLarge { limit_bytes }),
        Ok(Err(_broken)) => Err(Refusal::BodyBroken),
        Err(_elapsed) => Err(Refusal::BodySlow),
    }
}
