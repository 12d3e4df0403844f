//! What the calls of a space add up to since its last reset: the figures at the top of the page.
//!
//! A reader of events begins with what the journal has, and then counts each call that ends. So the figures are exact also if the
//! stream leaves out calls.

use std::collections::{BTreeMap, HashSet, VecDeque};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::journal::{Call, CallState, FailedBy, Filter, Journal, Mark, MarkKind};

/// The figures of one space.
#[derive(Debug, Default)]
pub(super) struct Figures {
    requests: u64,
    /// What they begin after: the last reset or restore, if the journal has it.
    since: Option<Beginning>,
    /// Answers 400 to 499, by their status.
    refused: BTreeMap<u16, u64>,
    /// Answers of 500 and above, and calls without an answer, by who is to blame.
    failed: BTreeMap<&'static str, u64>,
    /// The last times to answer, in microseconds, the newest at the end.
    times_us: VecDeque<u64>,
    /// The last seconds in which calls began, the newest at the end.
    seconds: VecDeque<Second>,
    /// Calls that the beginning counted already, as long as they may come once more.
    counted: HashSet<u64>,
    /// After this change of the journal, no such call comes.
    counted_until: u64,
}

/// What begins a world, and so its figures.
#[derive(Debug, Clone)]
struct Beginning {
    n: u64,
    at: Timestamp,
    kind: MarkKind,
}

impl Beginning {
    /// `None` if the requests before the mark were made to the same state.
    fn of(mark: &Mark) -> Option<Beginning> {
        let begins = matches!(mark.kind, MarkKind::Reset | MarkKind::Restored | MarkKind::Made);
        begins.then_some(Beginning { n: mark.n, at: mark.at, kind: mark.kind })
    }
}

/// What began in one second.
#[derive(Debug, Clone, Default)]
struct Second {
    /// Seconds since 1970.
    at: i64,
    requests: u64,
    time_us: u64,
    refused: u64,
    failed: u64,
}

impl Figures {
    /// Counts what the journal has of a space. A reader must follow the journal already, so that no call is missed between.
    pub(super) fn of(journal: &Journal, space: &str) -> Figures {
        let filter = Filter { space: Some(space.to_owned()), limit: Some(usize::MAX), ..Filter::default() };
        let since = journal.marks(&filter).iter().rev().find_map(|mark| Beginning::of(mark));
        let mut figures = Figures { since, ..Figures::default() };
        for call in journal.all_calls(&filter) {
            if call.state != CallState::Open {
                figures.counted.insert(call.n);
                figures.add(&call);
            }
        }
        figures.counted_until = journal.position();
        figures
    }

    /// Counts a call if it has just ended. `seq` is the number of the change.
    pub(super) fn ended(&mut self, seq: u64, call: &Call) {
        let is_counted = self.counted.contains(&call.n);
        if seq > self.counted_until && !self.counted.is_empty() {
            self.counted = HashSet::new();
        }
        // A call that its client left is counted then, and not once more when it ends.
        let is_late = call.state == CallState::Abandoned && call.status.is_some();
        if call.state != CallState::Open && !is_counted && !is_late {
            self.add(call);
        }
    }

    /// Begins anew after a reset.
    pub(super) fn marked(&mut self, mark: &Mark) {
        if let Some(since) = Beginning::of(mark) {
            let (counted, counted_until) = (std::mem::take(&mut self.counted), self.counted_until);
            *self = Figures { since: Some(since), counted, counted_until, ..Figures::default() };
        }
    }

    fn add(&mut self, call: &Call) {
        // A call that waited for a reset began before it.
        if self.since.as_ref().is_some_and(|since| call.n < since.n) {
            return;
        }
        self.requests += 1;
        let time_us = call.duration_us.unwrap_or_default();
        self.times_us.push_back(time_us);
        if self.times_us.len() > TIMES {
            self.times_us.pop_front();
        }
        let mut second = Second { requests: 1, time_us, ..Second::default() };
        match call.status {
            Some(status @ 400..500) => {
                *self.refused.entry(status).or_default() += 1;
                second.refused = 1;
            }
            Some(..400) => {}
            Some(_) | None => {
                let blame = match call.failed_by {
                    Some(FailedBy::Injected) => "injected",
                    Some(FailedBy::Host) => "host",
                    Some(FailedBy::Component) => "component",
                    None => "left",
                };
                *self.failed.entry(blame).or_default() += 1;
                second.failed = 1;
            }
        }
        self.add_second(call.at.as_second(), &second);
    }

    fn add_second(&mut self, at: i64, more: &Second) {
        // Calls end in another order than they begin, but the place is near the end.
        let place = self.seconds.iter().rposition(|second| second.at <= at).map_or(0, |place| place + 1);
        let known = place.checked_sub(1).and_then(|place| self.seconds.get_mut(place));
        if let Some(second) = known.filter(|second| second.at == at) {
            second.requests += more.requests;
            second.time_us += more.time_us;
            second.refused += more.refused;
            second.failed += more.failed;
        } else {
            self.seconds.insert(place, Second { at, ..more.clone() });
            if self.seconds.len() > SECONDS {
                self.seconds.pop_front();
            }
        }
    }

    /// The figures as the page reads them. `seconds` has the last minute, the newest at the end: requests, their mean time in
    /// microseconds, refusals and failures.
    pub(super) fn shown(&self, now: Timestamp) -> Value {
        let mut times: Vec<u64> = self.times_us.iter().copied().collect();
        times.sort_unstable();
        let share = |hundredths: usize| {
            times.get((times.len() * hundredths / 100).min(times.len().saturating_sub(1)))
        };
        let last = now.as_second();
        let seconds = (last - 59..=last).map(|at| {
            let second = self.seconds.iter().rev().find(|second| second.at == at);
            let Second { requests, time_us, refused, failed, .. } = second.cloned().unwrap_or_default();
            [requests, time_us.checked_div(requests).unwrap_or_default(), refused, failed]
        });
        let refused: BTreeMap<String, u64> =
            self.refused.iter().map(|(status, count)| (status.to_string(), *count)).collect();
        json!({
            "requests": self.requests,
            "since": self.since.as_ref().map(|since| json!({"at": since.at, "kind": since.kind})),
            "refused": refused,
            "failed": self.failed,
            "p50_us": share(50),
            "p95_us": share(95),
            "seconds": seconds.collect::<Vec<_>>(),
        })
    }
}

/// So many times to answer give two percentiles, and are sorted within microseconds.
const TIMES: usize = 1_000;
/// A little more than the chart shows, because calls do not end in the order of their beginning.
const SECONDS: usize = 90;

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use hyper::HeaderMap;

    use super::*;
    use crate::journal::{Ended, NewMark, Opened, Trail, Via};

    fn begin(journal: &Journal, space: &str) -> u64 {
        journal.begin(Opened {
            begun: Instant::now(),
            space: space.into(),
            space_at: None,
            via: Via::Http,
            request_id: "",
            operation: None,
            method: "GET",
            path: "/",
            query: None,
            client: None,
            headers: &HeaderMap::new(),
            body: &[],
        })
    }

    fn end(journal: &Journal, n: u64, status: u16, failed_by: Option<FailedBy>) {
        journal.end(
            n,
            Ended {
                status,
                refusal: None,
                failed_by,
                trail: Trail::default(),
                headers: &HeaderMap::new(),
                body: &[],
            },
        );
    }

    fn reset(journal: &Journal) {
        journal.mark(NewMark {
            space: Some("a".into()),
            space_at: None,
            kind: MarkKind::Reset,
            text: String::new(),
            details: Value::Null,
        });
    }

    fn counts(figures: &Figures) -> (Value, Value, Value) {
        let shown = figures.shown(Timestamp::now());
        (shown["requests"].clone(), shown["refused"].clone(), shown["failed"].clone())
    }

    #[test]
    fn what_came_before_the_last_reset_and_into_other_spaces_does_not_count() {
        let journal = Journal::new(0);
        let call = |space, status| end(&journal, begin(&journal, space), status, None);
        call("a", 200);
        reset(&journal);
        for (space, status) in [("a", 200), ("a", 404), ("a", 404), ("b", 404), ("a", 429)] {
            call(space, status);
        }
        end(&journal, begin(&journal, "a"), 503, Some(FailedBy::Injected));
        journal.abandon(begin(&journal, "a"));
        let figures = Figures::of(&journal, "a");
        assert_eq!(figures.shown(Timestamp::now())["since"]["kind"], "reset");
        assert_eq!(
            counts(&figures),
            (json!(6), json!({"404": 2, "429": 1}), json!({"injected": 1, "left": 1}))
        );
    }

    #[test]
    fn a_call_counts_once_also_if_it_ends_while_the_figures_begin() {
        let journal = Journal::new(0);
        let early = begin(&journal, "a");
        let after = journal.position();
        end(&journal, early, 200, None);
        let mut figures = Figures::of(&journal, "a");
        // The reader followed before, so it gets this end too.
        figures.ended(after + 1, &journal.call(early).unwrap());
        assert_eq!(counts(&figures).0, json!(1));
        let late = begin(&journal, "a");
        journal.abandon(late);
        figures.ended(journal.position(), &journal.call(late).unwrap());
        end(&journal, late, 201, None);
        figures.ended(journal.position(), &journal.call(late).unwrap());
        assert_eq!(counts(&figures), (json!(2), json!({}), json!({"left": 1})));
        let mark = |kind| {
            journal.mark(NewMark {
                space: None,
                space_at: None,
                kind,
                text: String::new(),
                details: Value::Null,
            });
        };
        mark(MarkKind::Clock);
        figures.marked(&journal.marks(&Filter::default())[0]);
        assert_eq!(counts(&figures).0, json!(2), "the clock begins nothing");
        mark(MarkKind::Restored);
        figures.marked(&journal.marks(&Filter::default())[1]);
        assert_eq!(counts(&figures), (json!(0), json!({}), json!({})));
        figures.ended(u64::MAX, &journal.call(early).unwrap());
        assert_eq!(counts(&figures).0, json!(0), "it waited for the restore, and began before it");
    }
}
