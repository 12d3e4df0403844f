//! Whether one of the attempts of a call may have been applied although the call failed.
//!
//! The SDK repeats a call that failed and shows the last failure only. When the first attempt was lost after it
//! had been applied and the last one was refused, that refusal is no proof that nothing was stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use tokio::task_local;

use super::request_error;
use crate::telemetry::Counter;

task_local! {
    /// The call that this task waits for. The SDK calls its interceptors in the task that waits.
    static CALL: Attempts;
}

/// What became of the attempts of one call. Clones are about the same call.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempts(Arc<Watch>);

#[derive(Debug, Default)]
struct Watch {
    /// An attempt is under way that is not known to have stored nothing.
    open: AtomicBool,
    lost: AtomicBool,
}

impl Attempts {
    /// Waits for a call of a client that has the [`Watcher`].
    pub(super) async fn watch<T>(&self, call: impl Future<Output = T>) -> T {
        CALL.scope(self.clone(), call).await
    }

    /// Whether an attempt may have been applied that ended without the table's answer.
    pub(super) fn lost_one(&self) -> bool {
        self.0.open.load(Ordering::Acquire) || self.0.lost.load(Ordering::Acquire)
    }
}

/// Sees the attempts of all calls of a client. One for each call would have the SDK put its whole configuration together
/// anew every time, which shows in the number of writes a second.
#[derive(Debug)]
pub(super) struct Watcher {
    /// Counts the attempts beyond the first of a call.
    pub(super) retries: Counter,
}

impl Intercept for Watcher {
    fn name(&self) -> &'static str {
        "portdesk attempts"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let is_repeated = config.load::<RequestAttempts>().is_some_and(|begun| begun.attempts() > 1);
        if is_repeated {
            self.retries.add_one();
        }
        // Reads are not watched.
        let _ = CALL.try_with(|call| call.0.open.store(true, Ordering::Release));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let _ = CALL.try_with(|call| {
            if call.0.open.swap(false, Ordering::AcqRel) && !is_conclusive(context) {
                call.0.lost.store(true, Ordering::Release);
            }
        });
        Ok(())
    }
}

/// Whether the attempt was answered with an outcome or a refusal, or never left this machine.
fn is_conclusive(context: &FinalizerInterceptorContextRef<'_>) -> bool {
    match context.output_or_error() {
        None => false,
        Some(Ok(_)) => true,
        Some(Err(error)) => match context.response() {
            Some(response) => response.status().is_client_error(),
            // The connector itself times out only while it connects.
            None => error
                .as_connector_error()
                .is_some_and(|error| error.is_timeout() || request_error::is_unconnected(error)),
        },
    }
}
