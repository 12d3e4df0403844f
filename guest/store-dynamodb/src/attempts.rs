//! Performs a call with several attempts, as long as there are attempts and time left.
//!
//! DynamoDB may apply an attempt whose answer is lost. This module records such an attempt: if DynamoDB refuses a later
//! attempt, the refusal does not prove that nothing was stored.

use std::time::Duration;

use items::dynamodb::{AnswerText, RequestError, ServiceError};
use serde_json::{Map, Value};

use crate::{Answer, Platform, Request, SendError, Settings, Timeouts, signature};

/// The reason why a call failed.
#[derive(Debug)]
pub(crate) struct CallError {
    /// The body of the answer, if a condition does not hold.
    pub(crate) condition: Option<Map<String, Value>>,
    service_error: Option<ServiceError>,
    /// Whether an attempt may have been applied.
    pub(crate) lost: bool,
    text: String,
}

impl From<CallError> for RequestError {
    fn from(CallError { service_error, lost, text, .. }: CallError) -> RequestError {
        RequestError::Failed { service_error, text, lost }
    }
}

/// Calls an operation of DynamoDB. Returns the answer of the successful attempt or the error of the last attempt.
pub(crate) fn call(
    settings: &Settings,
    platform: &impl Platform,
    operation: &str,
    request: &Value,
) -> Result<Map<String, Value>, CallError> {
    let body = request.to_string().into_bytes();
    // A tenth of the time is left for the answer to the client. The wait for a single attempt is shorter still, so that
    // a server that does not answer is noticed early.
    let call = settings.time_limit * 9 / 10;
    let share = (call / settings.attempts.max(1)).min(PATIENCE.max(settings.time_limit / 10));
    let began = platform.elapsed();
    let mut lost = false;
    let mut attempt = 1;
    loop {
        let left = call.saturating_sub(platform.elapsed().saturating_sub(began));
        let answer = share.min(left);
        let timeouts = Timeouts { connect: answer.min(LONGEST_CONNECT), answer };
        let rejected = match try_once(settings, platform, operation, &body, timeouts) {
            Ok(answer) => return Ok(answer),
            Err(rejected) => rejected,
        };
        lost |= rejected.lost;
        let pause = pause(attempt, platform.chance());
        let spent = platform.elapsed().saturating_sub(began) + pause;
        if !rejected.is_passing() || attempt >= settings.attempts || spent >= call {
            return Err(CallError { lost, ..rejected });
        }
        platform.wait(pause);
        attempt += 1;
    }
}

fn try_once(
    settings: &Settings,
    platform: &impl Platform,
    operation: &str,
    body: &[u8],
    timeouts: Timeouts,
) -> Result<Map<String, Value>, CallError> {
    let target = format!("DynamoDB_20120810.{operation}");
    let mut headers = vec![
        ("content-type".to_owned(), "application/x-amz-json-1.0".to_owned()),
        ("x-amz-target".to_owned(), target),
    ];
    let signed = signature::sign(settings, platform.now(), &headers, body);
    headers.extend(signed.map_err(|text| CallError::of_send(SendError { text, sent: false }))?);
    headers.push(("content-length".to_owned(), body.len().to_string()));
    let request = Request { endpoint: &settings.endpoint, headers, body, timeouts };
    match platform.send(&request) {
        Ok(answer) => read(operation, &answer),
        Err(SendError { text, sent }) => {
            Err(CallError::of_send(SendError { text: format!("{operation}: {text}"), sent }))
        }
    }
}

fn read(operation: &str, answer: &Answer) -> Result<Map<String, Value>, CallError> {
    let status = answer.status;
    let body = serde_json::from_slice::<Map<String, Value>>(&answer.body);
    if status == 200 {
        // The parser's own error text is left out, because it may quote data of the answer.
        let text = format!("{operation}: the answer has HTTP status 200 but is not a JSON object");
        return body.map_err(|_| CallError::of_send(SendError { text, sent: true }));
    }
    let body = body.unwrap_or_default();
    let member = |name: &str| body.get(name).and_then(Value::as_str);
    let code = member("__type").unwrap_or_default();
    let code = code.rsplit_once('#').map_or(code, |(_, code)| code);
    let message = member("message").or(member("Message")).unwrap_or_default();
    let request_id = answer.request_id.as_deref().unwrap_or_default();
    let text = AnswerText { operation, status, code, request_id }.to_string();
    let service_error = Some(ServiceError::read(status, code, message));
    let lost = !(400..500).contains(&status);
    let is_condition = code == "ConditionalCheckFailedException";
    Err(CallError { service_error, lost, text, condition: is_condition.then_some(body) })
}

impl CallError {
    fn of_send(SendError { text, sent }: SendError) -> CallError {
        CallError { condition: None, service_error: None, lost: sent, text }
    }

    /// Whether another attempt may succeed.
    fn is_passing(&self) -> bool {
        self.condition.is_none()
            && matches!(self.service_error, None | Some(ServiceError::Failed | ServiceError::Throttled))
    }
}

/// Returns the time to wait after an attempt. It is random, so that clients that failed at the same time do not all try
/// again at the same time.
fn pause(attempt: u32, chance: f64) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST_PAUSE);
    longest.mul_f64(chance.clamp(0.0, 1.0))
}

/// The pauses are the same as in the host.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// An attempt may take this long even if it is more than a tenth of the time limit, but never longer than its share.
const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_CONNECT: Duration = Duration::from_secs(1);
