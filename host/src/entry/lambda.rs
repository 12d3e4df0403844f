//! The way in as an AWS Lambda function: each event becomes the request that a gateway received, and the answer becomes the
//! response of the event.
//!
//! A gateway has checked the key and the usage plan before it makes an event. The client of a request is the id of that key.
//! The limits of sizes and times are the host's own.

mod event;
mod response;
mod runtime_api;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;
use tracing::{error, info};

use self::event::Event;
pub use self::event::EventError;
use self::runtime_api::Invocation;
pub use self::runtime_api::{RuntimeApi, RuntimeApiError};
use crate::pipeline::{Arrival, Pipeline};

/// The settings of this way in.
#[derive(Debug, Clone, Default)]
pub struct LambdaSettings {
    /// The client of events without the id of an API key. If it is `None`, such events are refused with 403.
    pub client: Option<String>,
}

/// Answers one event after the other. Returns only if Lambda does not give the next event.
pub async fn serve(
    pipeline: Arc<Pipeline>,
    api: Arc<RuntimeApi>,
    settings: LambdaSettings,
) -> RuntimeApiError {
    loop {
        let invocation = match api.next().await {
            Ok(invocation) => invocation,
            Err(error) => return error,
        };
        if let Err(error) = answer(&pipeline, &api, &settings, &invocation).await {
            error!(request_id = invocation.id, %error, "Lambda did not take the answer of an event");
        }
    }
}

async fn answer(
    pipeline: &Arc<Pipeline>,
    api: &RuntimeApi,
    settings: &LambdaSettings,
    invocation: &Invocation,
) -> Result<(), RuntimeApiError> {
    let event = match Event::read(&invocation.event, settings.client.as_deref()) {
        Ok(event) => event,
        Err(error) => {
            info!(request_id = invocation.id, %error, "an event is not a request");
            return api.fail(&invocation.id, error.kind(), &error.to_string()).await;
        }
    };
    let Event { mut request, front, request_id } = event;
    let request_id = request_id.unwrap_or_else(|| invocation.id.clone());
    request.extensions_mut().insert(Arrival { request_id, deadline: deadline(invocation.deadline_ms) });
    let answer = pipeline.answer(request).await;
    let response = response::of(front, answer).await;
    // Lambda may stop this process as soon as it has the response, and spans in the queue would be sent much later or never.
    pipeline.send_spans(until(invocation.deadline_ms).min(SPANS_TIME)).await;
    match api.respond(&invocation.id, response).await {
        Err(RuntimeApiError::TooLarge) => {
            api.fail(&invocation.id, "Portdesk.TooLarge", &RuntimeApiError::TooLarge.to_string()).await
        }
        done => done,
    }
}

/// The time by which the host answers: a while before Lambda ends the process, so that the client gets the host's own 504, which
/// states what became of a write, and not the gateway's 502.
fn deadline(deadline_ms: u64) -> Instant {
    Instant::now() + until(deadline_ms).saturating_sub(ANSWER_TIME)
}

/// The time until Lambda ends the process.
fn until(deadline_ms: u64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // A function can have 15 minutes. A deadline that is further away is not one of Lambda.
    Duration::from_millis(deadline_ms).saturating_sub(now).min(LONGEST)
}

/// How long the answer may take from the host to Lambda.
const ANSWER_TIME: Duration = Duration::from_millis(300);
/// How long a response waits for a collector that is slow.
const SPANS_TIME: Duration = Duration::from_millis(200);
/// Lambda quotas, "Function timeout".
const LONGEST: Duration = Duration::from_mins(15);
