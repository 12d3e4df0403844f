//! Bodies: the streams of `wasi:http`, read and written whole.

use alloc::vec::Vec;

use wasip2::http::types::{IncomingRequest, OutgoingBody};
use wasip2::io::streams::StreamError;

use crate::Refusal;

/// The whole body, `most_bytes` at most.
pub(super) fn read(request: &IncomingRequest, most_bytes: usize) -> Result<Vec<u8>, Refusal> {
    let body = request.consume().map_err(|()| Refusal::BodyBroken)?;
    let stream = body.stream().map_err(|()| Refusal::BodyBroken)?;
    let mut gathered = Vec::new();
    loop {
        match stream.blocking_read(READ_BYTES) {
            Ok(piece) if gathered.len() + piece.len() > most_bytes => return Err(Refusal::BodyTooLarge),
            Ok(piece) => gathered.extend_from_slice(&piece),
            Err(StreamError::Closed) => return Ok(gathered),
            Err(StreamError::LastOperationFailed(_)) => return Err(Refusal::BodyBroken),
        }
    }
}

/// Writes the body as far as the client reads it.
pub(super) fn write(body: OutgoingBody, bytes: &[u8]) {
    let Ok(stream) = body.write() else { return };
    let written = bytes.chunks(WRITE_BYTES).try_for_each(|piece| stream.blocking_write_and_flush(piece));
    drop(stream);
    // Without its end the body is cut: the client sees that something is missing. To `HEAD` a platform may find fault
    // with an end that comes before `content-length` bytes; it sends none of them anyway.
    if written.is_ok() {
        let _ = OutgoingBody::finish(body, None);
    }
}

const READ_BYTES: u64 = 64 * 1024;
/// The most that `wasi:io` takes in one blocking write.
const WRITE_BYTES: usize = 4096;
