//! How the ring keeps a call: encoded. So it takes little time to write a call and none to forget it, and a call holds exactly
//! as many bytes as it has. Whoever reads it decodes it.
//!
//! A call consists of its opening and the body of the request, and, if it has an answer, of its ending, its steps and the body
//! of the answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

use super::call::{Call, CallState, FailedBy, Via};
use super::message::Envelope;
use super::trail::Steps;

/// What is known of a call from its beginning.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Opening<'a> {
    pub(super) at: Moment,
    pub(super) space_at: Option<Moment>,
    /// When it began, in microseconds after [`epoch`].
    pub(super) begun_us: u64,
    pub(super) via: Via,
    pub(super) request_id: &'a str,
    pub(super) operation: Option<&'a str>,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) client: Option<&'a str>,
    #[serde(borrow)]
    pub(super) request: Envelope<'a>,
}

/// What is known of a call at its end.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ending<'a> {
    pub(super) status: u16,
    pub(super) refusal: Option<&'a str>,
    pub(super) failed_by: Option<FailedBy>,
    /// The bytes of the steps.
    pub(super) steps: usize,
    pub(super) stations_left_out: usize,
    #[serde(borrow)]
    pub(super) answer: Envelope<'a>,
}

/// A moment: the seconds since 1970, and the nanoseconds after them.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Moment(i64, i32);

/// What the ring knows of a call beside its bytes.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) space: Arc<str>,
    pub(super) state: CallState,
    pub(super) has_answer: bool,
    pub(super) duration_us: u64,
}

impl Moment {
    pub(super) fn of(timestamp: Timestamp) -> Moment {
        Moment(timestamp.as_second(), timestamp.subsec_nanosecond())
    }

    pub(super) fn timestamp(self) -> Timestamp {
        Timestamp::new(self.0, self.1).unwrap_or_default()
    }
}

/// Encodes a value into a new buffer with this room, which should be enough.
pub(super) fn encoded(value: &impl Serialize, room: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(room);
    encode(value, &mut bytes);
    bytes
}

/// Encodes a value behind what the buffer has.
pub(super) fn encode(value: &impl Serialize, bytes: &mut Vec<u8>) {
    // Writing into memory does not fail.
    let _ = postcard::serialize_with_flavor(value, Buffer(bytes));
}

/// A buffer that grows. That of the library takes each byte apart.
struct Buffer<'a>(&'a mut Vec<u8>);

impl Flavor for Buffer<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// When a call began, from its opening.
pub(super) fn begun_us(bytes: &[u8]) -> Option<u64> {
    let (opening, _) = postcard::take_from_bytes::<Opening<'_>>(bytes).ok()?;
    Some(opening.begun_us)
}

/// Decodes a call.
pub(super) fn decode(n: u64, known: Known, bytes: &[u8]) -> Option<Call> {
    let Known { space, state, has_answer, duration_us } = known;
    let (opening, rest) = postcard::take_from_bytes::<Opening<'_>>(bytes).ok()?;
    let (request_body, rest) = rest.split_at_checked(opening.request.kept)?;
    let mut call = Call {
        n,
        state,
        at: opening.at.timestamp(),
        space_at: opening.space_at.map(Moment::timestamp),
        space,
        via: opening.via,
        request_id: opening.request_id.into(),
        operation: opening.operation.map(Into::into),
        method: opening.method.into(),
        path: opening.path.into(),
        query: opening.query.map(Into::into),
        client: opening.client.map(Into::into),
        status: None,
        refusal: None,
        failed_by: None,
        faults: Vec::new(),
        stations: Vec::new(),
        stations_left_out: 0,
        items: Vec::new(),
        duration_us: (state != CallState::Open).then_some(duration_us),
        request: opening.request.opened(request_body),
        answer: None,
    };
    if has_answer {
        let (ending, rest) = postcard::take_from_bytes::<Ending<'_>>(rest).ok()?;
        let (steps, answer_body) = rest.split_at_checked(ending.steps)?;
        let Steps { stations, items, faults } = Steps::decode(steps)?;
        (call.stations, call.items, call.faults) = (stations, items, faults);
        call.status = Some(ending.status);
        call.refusal = ending.refusal.map(Into::into);
        call.failed_by = ending.failed_by;
        call.stations_left_out = ending.stations_left_out;
        call.answer = Some(ending.answer.opened(answer_body));
    }
    Some(call)
}

/// Microseconds of a duration.
pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Microseconds from one moment to a later one; 0 if the other one is earlier.
pub(super) fn micros_between(from: Instant, to: Instant) -> u64 {
    micros(to.saturating_duration_since(from))
}
