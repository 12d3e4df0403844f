//! Calls the component's imports: HTTP, clocks and randomness of WASI.
//!
//! Every wait blocks on a pollable and a timer. An attempt therefore never takes longer than its limit, even if the
//! platform does not apply the time limits of the request.

use std::time::{Duration, SystemTime};

use wasip2::clocks::monotonic_clock;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, FutureIncomingResponse, Headers, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    RequestOptions, Scheme,
};
use wasip2::io::poll::{self, Pollable};
use wasip2::io::streams::{OutputStream, StreamError};
use wasip2::random::random;

use crate::{ANSWER_LIMIT_BYTES, Answer, Platform, Request, SendError, Timeouts};

#[derive(Debug)]
pub(super) struct Wasi;

impl Platform for Wasi {
    fn send(&self, request: &Request<'_>) -> Result<Answer, SendError> {
        let timer = monotonic_clock::subscribe_duration(nanoseconds(request.timeouts.answer));
        let outgoing = outgoing(request).ok_or_else(|| unsent("a header or the URL is not taken"))?;
        let body = outgoing.body().map_err(|()| unsent("the request has no body"))?;
        let options = options(request.timeouts);
        let response = outgoing_handler::handle(outgoing, Some(options)).map_err(|code| failed(&code))?;
        // If the platform does not accept the body, the response has the reason.
        let _ = write(body, request.body, &timer);
        let response = answered(&response, &timer)?;
        let status = response.status();
        let mut ids = response.headers().get("x-amzn-requestid").into_iter();
        let request_id = ids.find_map(|id| String::from_utf8(id).ok());
        Ok(Answer { status, request_id, body: read(&response, &timer)? })
    }

    fn wait(&self, time: Duration) {
        monotonic_clock::subscribe_duration(nanoseconds(time)).block();
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    fn chance(&self) -> f64 {
        let number = u32::try_from(random::get_random_u64() >> 32).unwrap_or_default();
        f64::from(number) / f64::from(u32::MAX)
    }
}

fn outgoing(request: &Request<'_>) -> Option<OutgoingRequest> {
    let headers = request.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
    let outgoing = OutgoingRequest::new(Headers::from_list(&headers.collect::<Vec<_>>()).ok()?);
    let scheme = if request.endpoint.encrypted { Scheme::Https } else { Scheme::Http };
    outgoing.set_method(&Method::Post).ok()?;
    outgoing.set_scheme(Some(&scheme)).ok()?;
    outgoing.set_authority(Some(&request.endpoint.authority)).ok()?;
    outgoing.set_path_with_query(Some("/")).ok()?;
    Some(outgoing)
}

/// Sets the time limits of a request. A platform may not support them; the timer applies in any case.
fn options(timeouts: Timeouts) -> RequestOptions {
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(Some(nanoseconds(timeouts.connect)));
    let _ = options.set_first_byte_timeout(Some(nanoseconds(timeouts.answer)));
    let _ = options.set_between_bytes_timeout(Some(nanoseconds(timeouts.answer)));
    options
}

fn write(body: OutgoingBody, bytes: &[u8], timer: &Pollable) -> Option<()> {
    let stream = body.write().ok()?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let room = room(&stream, timer)?;
        let (part, more) = rest.split_at_checked(room).unwrap_or((rest, &[]));
        stream.write(part).ok()?;
        rest = more;
    }
    stream.flush().ok()?;
    drop(stream);
    OutgoingBody::finish(body, None).ok()
}

/// Waits until a stream accepts bytes and returns how many. Returns `None` if the stream is closed or the time is over.
fn room(stream: &OutputStream, timer: &Pollable) -> Option<usize> {
    loop {
        match stream.check_write().ok()? {
            0 => ready(&stream.subscribe(), timer).ok()?,
            room => return Some(usize::try_from(room).unwrap_or(usize::MAX)),
        }
    }
}

fn answered(response: &FutureIncomingResponse, timer: &Pollable) -> Result<IncomingResponse, SendError> {
    loop {
        match response.get() {
            Some(Ok(Ok(response))) => return Ok(response),
            Some(Ok(Err(code))) => return Err(failed(&code)),
            Some(Err(())) => return Err(lost("the response was taken already")),
            None => ready(&response.subscribe(), timer)?,
        }
    }
}

fn read(response: &IncomingResponse, timer: &Pollable) -> Result<Vec<u8>, SendError> {
    let body = response.consume().map_err(|()| lost("the response has no body"))?;
    let stream = body.stream().map_err(|()| lost("the response's body cannot be read"))?;
    let mut bytes = Vec::new();
    loop {
        match stream.read(PART_BYTES) {
            Ok(part) if part.is_empty() => ready(&stream.subscribe(), timer)?,
            Ok(part) => bytes.extend(part),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(lost("the answer broke off")),
        }
        if bytes.len() > ANSWER_LIMIT_BYTES {
            return Err(lost("the answer is larger than any of DynamoDB's"));
        }
    }
}

/// Waits until the pollable is ready or the time is over.
fn ready(pollable: &Pollable, timer: &Pollable) -> Result<(), SendError> {
    // A ready pollable counts even if the time is over too.
    if poll::poll(&[pollable, timer]).contains(&0) { Ok(()) } else { Err(lost("no answer in time")) }
}

/// Makes the error of a failed request. The request has certainly not arrived only if no connection was made.
fn failed(code: &ErrorCode) -> SendError {
    let unsent = matches!(
        code,
        ErrorCode::ConnectionRefused
            | ErrorCode::ConnectionTimeout
            | ErrorCode::DestinationIpProhibited
            | ErrorCode::DnsError(_)
            | ErrorCode::DnsTimeout
            | ErrorCode::HttpRequestDenied
            | ErrorCode::HttpRequestUriInvalid
            | ErrorCode::TlsCertificateError
    );
    SendError { text: format!("no answer: {}", kind(code)), sent: !unsent }
}

/// Returns a text for the kind of an error. The platform's own text is left out, because it may quote the request.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other kinds would not help an operator")]
fn kind(code: &ErrorCode) -> &'static str {
    match code {
        ErrorCode::ConfigurationError => "the platform is not configured for outgoing requests",
        ErrorCode::ConnectionLimitReached => "the platform allows no more connections",
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => "not in time",
        ErrorCode::ConnectionRefused => "the server refused the connection",
        ErrorCode::ConnectionTerminated => "the connection ended",
        ErrorCode::ConnectionTimeout => "no connection in time",
        ErrorCode::DestinationIpProhibited
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable => "the server cannot be reached",
        ErrorCode::DnsError(_) | ErrorCode::DnsTimeout => "the server's name cannot be resolved",
        ErrorCode::HttpProtocolError | ErrorCode::HttpResponseIncomplete => "the answer is not valid HTTP",
        ErrorCode::HttpRequestDenied => "the platform forbids the request",
        ErrorCode::TlsAlertReceived(_) | ErrorCode::TlsCertificateError | ErrorCode::TlsProtocolError => {
            "TLS failed"
        }
        _ => "another error of the platform",
    }
}

fn lost(text: &str) -> SendError {
    SendError { text: text.to_owned(), sent: true }
}

fn unsent(text: &str) -> SendError {
    SendError { text: text.to_owned(), sent: false }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

const PART_BYTES: u64 = 64 * 1024;
