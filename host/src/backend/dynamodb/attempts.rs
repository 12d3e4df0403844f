//! Records whether an attempt of a failed call may have been applied.
//!
//! The SDK repeats a failed call and returns only the last error. If DynamoDB applied the first attempt but its answer
//! was lost, and DynamoDB refused the last attempt, then that refusal does not prove that nothing was stored.

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
    /// The call that this task waits for. The SDK runs its interceptors in the waiting task.
    static CALL: Attempts;
}

/// The state of the attempts of one call. Clones share the state.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempts(Arc<Watch>);

#[derive(Debug, Default)]
struct Watch {
    /// An attempt is in progress, and it may have stored something.
    open: AtomicBool,
    /// An attempt has ended without an answer, and it may have stored something.
    lost: AtomicBool,
}

impl Attempts {
    /// Waits for a call and records its attempts. The client must have the [`Watcher`].
    pub(super) async fn watch<T>(&self, call: impl Future<Output = T>) -> T {
        CALL.scope(self.clone(), call).await
    }

    /// Whether an attempt without an answer may have been applied.
    pub(super) fn lost_one(&self) -> bool {
        self.0.open.load(Ordering::Acquire) || self.0.lost.load(Ordering::Acquire)
    }
}

/// Observes the attempts of all calls of a client. With one watcher for each call, the SDK would build its whole
/// configuration anew every time, which lowers the number of writes per second measurably.
#[derive(Debug)]
pub(super) struct Watcher {
    /// Counts the attempts after the first one of a call.
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
        // Only writes run in a `CALL` scope.
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

/// Whether it is certain what the attempt did: DynamoDB answered with an outcome or a refusal, or the request was
/// never sent.
fn is_conclusive(context: &FinalizerInterceptorContextRef<'_>) -> bool {
    match context.output_or_error() {
        None => false,
        Some(Ok(_)) => true,
        Some(Err(error)) => match context.response() {
            Some(response) => response.status().is_client_error(),
            // The connector itself only times out while it connects.
            None => error
                .as_connector_error()
                .is_some_and(|error| error.is_timeout() || request_error::is_unconnected(error)),
        },
    }
}
