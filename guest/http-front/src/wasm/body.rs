//! Reads and writes whole bodies over the streams of `wasi:http`.

use alloc::vec::Vec;

use wasip2::http::types::{IncomingRequest, OutgoingBody};
use wasip2::io::streams::StreamError;

use crate::Refusal;

/// Reads the whole body, at most `most_bytes`.
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

/// Writes the body. Stops if the client stops reading.
pub(super) fn write(body: OutgoingBody, bytes: &[u8]) {
    let Ok(stream) = body.write() else { return };
    let written = bytes.chunks(WRITE_BYTES).try_for_each(|piece| stream.blocking_write_and_flush(piece));
    drop(stream);
    // After a failed write the body stays without its end, so that the client sees an incomplete body. For `HEAD`,
    // `finish` may report fewer bytes than `content-length`; this is no problem, as the platform sends no body.
    if written.is_ok() {
        let _ = OutgoingBody::finish(body, None);
    }
}

const READ_BYTES: u64 = 64 * 1024;
/// The largest number of bytes that `wasi:io` accepts in one blocking write.
const WRITE_BYTES: usize = 4096;
