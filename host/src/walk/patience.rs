//! Notes who did not wait for an answer.

use tracing::info;

/// That a client waits for its answer. Dropped before the answer is there, it logs that the client went away.
pub(super) struct Patience<'a> {
    request_id: &'a str,
    method: &'a str,
    is_rewarded: bool,
}

impl Patience<'_> {
    pub(super) fn new<'a>(request_id: &'a str, method: &'a str) -> Patience<'a> {
        Patience { request_id, method, is_rewarded: false }
    }

    /// The answer is there.
    pub(super) fn rewarded(mut self) {
        self.is_rewarded = true;
    }
}

impl Drop for Patience<'_> {
    fn drop(&mut self) {
        if !self.is_rewarded {
            let (request_id, method) = (self.request_id, self.method);
            info!(request_id, method, "the client went away before its answer; a write goes on to its end");
        }
    }
}
