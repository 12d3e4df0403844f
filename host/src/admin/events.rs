//! `/v1/events`: what happens, live, as server-sent events.
//!
//! The events are `call` (it began or ended), `mark`, `gap` (load everything again) and, once a second, `gauges`. The id of an
//! event is the position in the journal; a reader resumes after it with the header `Last-Event-ID` or with `after` in the query.
//!
//! Nobody can read thousands of calls a second. With `thin=400`, at most 400 calls of a second are sent; `gauges` then says how many
//! were left out, and its figures count all of them.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};
use serde::Serialize;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::Refusal;
use super::answer::{self, Answer};
use super::asked::Asked;
use super::clock as clocks;
use super::connection::{ConnectionState, STREAM_TIME};
use super::faults;
use super::figures::Figures;
use super::state::computed;
use crate::clock;
use crate::journal::{Call, CallState, Event, Numbered, Subscription};
use crate::pipeline::Pipeline;
use crate::space::{Space, Spaces};

/// Opens a stream of the events of one space, or of all spaces if the query names none.
pub(super) fn stream(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    let query = asked.query(&["space", "after", "thin"])?;
    let space = query.text("space").map(|name| asked.spaces.find(name)).transpose()?;
    let thin = query.parsed::<usize>("thin", "a number")?;
    let after = match asked.head.headers.get(LAST_EVENT_ID) {
        Some(id) => id.to_str().ok().and_then(|id| id.parse().ok()),
        None => query.parsed("after", "a number")?,
    };
    if asked.head.method == Method::HEAD {
        return Ok(event_stream(answer::whole(StatusCode::OK, "text/event-stream", Bytes::new())));
    }
    let journal = &asked.spaces.journal;
    let position = after.unwrap_or_else(|| journal.position());
    let subscription = journal.follow(after);
    let subscription =
        subscription.map_err(|error| Refusal::Unavailable("too_many_streams", error.to_string()))?;
    let (sender, body) = Channel::new(1);
    let connection = asked.head.extensions.get::<ConnectionState>().cloned().unwrap_or_default();
    connection.begin_stream();
    let reader = Reader {
        space,
        pipeline: Arc::clone(asked.pipeline),
        spaces: Arc::clone(asked.spaces),
        position,
        figures: None,
        thin: thin.unwrap_or(usize::MAX),
        sent: 0,
        left_out: 0,
        shown_open: HashSet::new(),
    };
    tokio::spawn(reader.serve(subscription, sender, connection));
    Ok(event_stream(Response::new(body.boxed_unsync())))
}

fn event_stream(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // Some proxies collect an answer before they pass it on, unless this header is there.
    answer.headers_mut().insert(BUFFERING, HeaderValue::from_static("no"));
    answer
}

/// The program that reads a stream.
struct Reader {
    /// The space, or `None` for all.
    space: Option<Arc<Space>>,
    pipeline: Arc<Pipeline>,
    spaces: Arc<Spaces>,
    /// The number of the last change that was sent or left out.
    position: u64,
    /// What the calls add up to, if the reader asks for one space.
    figures: Option<Figures>,
    /// The most calls that are sent in a second.
    thin: usize,
    /// How many were sent in this second.
    sent: usize,
    /// How many were left out in this second.
    left_out: usize,
    /// Calls that were sent when they began. Their end is sent too.
    shown_open: HashSet<u64>,
}

impl Reader {
    /// Writes the stream until the client goes away, until the journal cuts the reader, or until the stream has lasted its time.
    async fn serve(
        mut self,
        mut subscription: Subscription,
        sender: Sender<Bytes>,
        connection: ConnectionState,
    ) {
        let cut = subscription.cut();
        // After the subscription, so that each call is in the one or in the other.
        if let Some(space) = self.space.clone() {
            let journal = self.spaces.journal.clone();
            self.figures = computed(move || Figures::of(&journal, &space.name)).await.ok();
        }
        tokio::select! {
            () = self.write(subscription, sender) => {}
            // The client does not read, so it would not see an orderly end either.
            () = cut.wait() => connection.cut(),
            () = sleep(STREAM_TIME) => {}
        }
    }

    async fn write(mut self, mut subscription: Subscription, mut sender: Sender<Bytes>) {
        let mut gauges = interval(GAUGES_TIME);
        gauges.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let text = tokio::select! {
                events = subscription.next() => match events {
                    Some(events) => self.events(&events),
                    None => return,
                },
                _ = gauges.tick() => self.gauges(),
            };
            // Fails when the client has gone away. The gauges notice that within a second.
            if !text.is_empty() && sender.send_data(text.into()).await.is_err() {
                return;
            }
        }
    }

    /// The events of this reader. The others only move its position.
    fn events(&mut self, events: &[Numbered]) -> String {
        let mut text = String::new();
        for Numbered { seq, event } in events {
            self.position = *seq;
            if self.is_for_me(event) && self.is_sent(*seq, event) {
                write_event(&mut text, *seq, event.name(), event);
            }
        }
        text
    }

    /// Counts an event, and decides whether it is sent or left out.
    fn is_sent(&mut self, seq: u64, event: &Event) -> bool {
        match event {
            Event::Gap => true,
            Event::Mark(mark) => {
                if let Some(figures) = &mut self.figures {
                    figures.marked(mark);
                }
                true
            }
            Event::Call(call) => {
                if let Some(figures) = &mut self.figures {
                    figures.ended(seq, call);
                }
                let is_sent = self.has_place(call);
                (self.sent, self.left_out) =
                    if is_sent { (self.sent + 1, self.left_out) } else { (self.sent, self.left_out + 1) };
                is_sent
            }
        }
    }

    /// Whether a call is sent. The beginning of a call is sent only while there is much place, because its end then must follow.
    fn has_place(&mut self, call: &Call) -> bool {
        if call.state == CallState::Open {
            let has_place = self.sent < self.thin / 8;
            if has_place && self.thin < usize::MAX {
                self.shown_open.insert(call.n);
            }
            return has_place;
        }
        self.shown_open.remove(&call.n) || self.sent < self.thin
    }

    fn is_for_me(&self, event: &Event) -> bool {
        let is_mine = |space: Option<&Arc<str>>| match (&self.space, space) {
            (Some(mine), Some(space)) => mine.name == *space,
            (None, _) | (_, None) => true,
        };
        match event {
            Event::Call(call) => is_mine(Some(&call.space)),
            Event::Mark(mark) => is_mine(mark.space.as_ref()),
            Event::Gap => true,
        }
    }

    /// The levels of now. They carry the position, so that a reader whose space is quiet does not fall behind.
    fn gauges(&mut self) -> String {
        let mut text = String::new();
        let left_out = std::mem::take(&mut self.left_out);
        self.sent = 0;
        let now = clock::now().unwrap_or_default();
        let levels = json!({
            "at": now,
            "clock": self.space.as_ref().map(|space| clocks::shown(space)),
            "faults": self.space.as_ref().map(|space| faults::counts(space)),
            "figures": self.figures.as_ref().map(|figures| figures.shown(now)),
            "left_out": left_out,
            "instances_in_use": self.pipeline.responder.in_use(),
            "guest_memory_high_water_bytes": self.pipeline.responder.memory_high_water_bytes(),
            "journal": self.spaces.journal.usage(),
        });
        write_event(&mut text, self.position, "gauges", &levels);
        text
    }
}

/// JSON has no line breaks of its own, so the data is one line.
fn write_event(text: &mut String, id: u64, name: &str, data: &impl Serialize) {
    let data = serde_json::to_string(data).unwrap_or_default();
    let _ = write!(text, "id: {id}\nevent: {name}\ndata: {data}\n\n");
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// How often the gauges are sent, which also shows a proxy that the stream is alive.
const GAUGES_TIME: Duration = Duration::from_secs(1);
