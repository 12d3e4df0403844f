//! The journal: a record of the calls of every space, for people who watch a host and for tests that assert on it.
//!
//! The pipeline writes a call when it begins and when it ends. The private listener reads. The journal is a ring: it has a
//! limit of bytes and a limit of records, and the oldest records go first. It is not telemetry: it contains bodies, paths
//! and keys of items, so it exists only where the private listener shows it. It never contains a credential, because it
//! keeps only the headers of an allowlist (`message`).
//!
//! There are two kinds of numbers. `n` counts records: a call keeps its `n` from its beginning to its end. A sequence
//! number counts changes: a call gets one when it begins and a greater one when it ends. A reader that has seen all changes
//! up to a sequence number resumes after it, and gets the current form of each call that changed since.

mod call;
mod check;
mod copied;
mod filter;
mod follow;
mod har;
mod input;
mod mark;
mod message;
mod record;
mod ring;
mod trail;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

pub use self::call::{Call, CallState, FailedBy, Injected, Station, StationName, StoreCall, Summary, Via};
pub use self::check::{
    Assertions, AssertionsError, CallAssertion, Condition, CountRange, Failure, Found, ItemAssertion,
    Nearest, State, Verdict, check,
};
use self::copied::Record;
pub use self::filter::{Filter, StatusFilter, StatusFilterError};
pub use self::follow::{Changes, Cut, Event, FollowError, Numbered, Subscription};
pub use self::har::Har;
pub use self::input::{Ended, Opened};
pub use self::mark::{Mark, MarkKind, NewMark};
use self::message::kept_part;
pub use self::message::{Body, Header, Message};
use self::record::micros_between;
use self::ring::{Answered, Ring};
pub use self::trail::{StoreStep, Trail};

/// The journal of one host. Clones share one ring.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

/// How full a journal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Usage {
    /// The bytes that the records hold.
    pub bytes: usize,
    /// The most bytes that the records may hold.
    pub limit_bytes: usize,
    /// The number of calls and marks.
    pub records: usize,
    /// The number of calls that have not ended.
    pub open: usize,
    /// The number of records that had to go since the start.
    pub gone: u64,
}

/// What a journal, its clones and its subscriptions share.
struct Shared {
    /// When the journal began. The ring counts the microseconds from here.
    epoch: Instant,
    /// It is never held across an await, and nothing is encoded or decoded under it: requests wait for it.
    ring: Mutex<Ring>,
    /// The last sequence number. Readers wait for its changes.
    latest: watch::Sender<u64>,
}

impl Journal {
    /// A journal whose records hold at most `limit_bytes`. A limit below 1 MiB counts as 1 MiB, because a single call with
    /// its bodies may hold a quarter of that.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Journal {
        let ring = Ring::new(limit_bytes.max(LEAST_LIMIT_BYTES));
        let (latest, _) = watch::channel(ring.seq());
        let (epoch, ring) = (Instant::now(), Mutex::new(ring));
        Journal { shared: Arc::new(Shared { epoch, ring, latest }) }
    }

    /// Writes a call that begins now, and returns its `n`. The caller must pass `n` to [`Journal::end`] or to
    /// [`Journal::abandon`].
    #[must_use = "a call that nobody ends stays open"]
    pub fn begin(&self, opened: Opened<'_>) -> u64 {
        let begun_us = micros_between(self.shared.epoch, opened.begun);
        let bytes = opened.encode(begun_us);
        self.shared.change(|ring| ring.begin(opened.space, begun_us, bytes))
    }

    /// Ends a call. A call that its client abandoned may still end, if it was a write: it then has its status and remains
    /// marked as abandoned. Nothing happens if the call has ended already or had to go.
    pub fn end(&self, n: u64, ended: Ended<'_>) {
        let body = kept_part(ended.body);
        let head = ended.encode();
        let answered = Answered { head: &head, body };
        let now_us = self.shared.now_us();
        drop(self.shared.change(|ring| ring.end(n, now_us, &answered)));
    }

    /// Ends a call whose client went away before the answer. Nothing happens if the call is not open.
    pub fn abandon(&self, n: u64) {
        let now_us = self.shared.now_us();
        drop(self.shared.change(|ring| ring.abandon(n, now_us)));
    }

    /// Writes a mark between the calls. A mark of a reset or of a restore also begins a new world: see
    /// [`Assertions`].
    pub fn mark(&self, mark: NewMark) {
        let bytes = mark.encode();
        self.shared.change(|ring| ring.mark(mark.space, mark.kind, &bytes));
    }

    /// The calls that the filter selects, in the order of their beginning, at most [`Filter::limit`]. If the filter has
    /// `after`, they are the first calls after it; otherwise they are the newest calls.
    #[must_use]
    pub fn calls(&self, filter: &Filter) -> Vec<Arc<Call>> {
        self.selected(filter, filter.effective_limit(), |record| selected_call(filter, record))
    }

    /// All calls that the filter selects, without a limit, in the order of their beginning. This is for exports and checks.
    #[must_use]
    pub fn all_calls(&self, filter: &Filter) -> Vec<Arc<Call>> {
        self.selected(filter, usize::MAX, |record| selected_call(filter, record))
    }

    /// The marks of the filter's space and of the whole host, with the limits of [`Journal::calls`]. The filter's other
    /// members do not matter.
    #[must_use]
    pub fn marks(&self, filter: &Filter) -> Vec<Arc<Mark>> {
        self.selected(filter, filter.effective_limit(), |record| match record {
            Record::Mark(mark) if filter.selects_mark(&mark) => Some((mark.n, mark)),
            Record::Call(_) | Record::Mark(_) => None,
        })
    }

    /// The call with this number. `None` if it had to go or if there is no such call.
    #[must_use]
    pub fn call(&self, n: u64) -> Option<Arc<Call>> {
        match self.shared.read(|ring| ring.one(n)).records().next()? {
            (_, Record::Call(call)) => Some(call),
            (_, Record::Mark(_)) => None,
        }
    }

    /// The last sequence number. A reader that lists calls takes it first, and then follows after it.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.shared.read(Ring::seq)
    }

    /// How full the journal is.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.shared.read(Ring::usage)
    }

    /// Follows the changes after the sequence number `after`: first those that the ring still has, then those to come.
    /// `Some(0)` means everything that the ring has, and `None` only what is to come. If changes after `after` had to go,
    /// or if `after` is not of this run of the host, the first event is [`Event::Gap`].
    pub fn follow(&self, after: Option<u64>) -> Result<Subscription, FollowError> {
        Subscription::new(Arc::clone(&self.shared), after)
    }

    /// Waits for changes without reading them.
    #[must_use]
    pub fn changed(&self) -> Changes {
        Changes::new(self.shared.latest.subscribe())
    }

    /// Collects up to `limit` records that `select` takes, each in its newest form, sorted by their number.
    fn selected<T>(
        &self,
        filter: &Filter,
        limit: usize,
        mut select: impl FnMut(Record) -> Option<(u64, T)>,
    ) -> Vec<T> {
        let mut found = BTreeMap::new();
        let mut take = |record| {
            let Some((n, record)) = select(record) else { return };
            found.insert(n, record);
            if found.len() > limit {
                if filter.after.is_some() {
                    found.pop_last()
                } else {
                    found.pop_first()
                };
            }
        };
        self.shared.read(Ring::open).records().for_each(|(_, record)| take(record));
        // A call that ends during the walk is seen twice, the second time in its newer form.
        let mut position = 0;
        loop {
            let (part, last) = self.shared.read(|ring| ring.closed_after(position, filter));
            let Some(last) = last else { break };
            position = last;
            part.records().for_each(|(_, record)| take(record));
        }
        found.into_values().collect()
    }
}

fn selected_call(filter: &Filter, record: Record) -> Option<(u64, Arc<Call>)> {
    match record {
        Record::Call(call) if filter.selects(&call) => Some((call.n, call)),
        Record::Call(_) | Record::Mark(_) => None,
    }
}

impl Shared {
    fn read<T>(&self, read: impl FnOnce(&Ring) -> T) -> T {
        read(&self.ring.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the places of readers, which are no change of the journal.
    fn seated<T>(&self, change: impl FnOnce(&mut Ring) -> T) -> T {
        change(&mut self.ring.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn now_us(&self) -> u64 {
        micros_between(self.epoch, Instant::now())
    }

    /// Changes the ring and then wakes the readers.
    fn change<T>(&self, change: impl FnOnce(&mut Ring) -> T) -> T {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let done = change(&mut ring);
        let seq = ring.seq();
        drop(ring);
        // A reader that comes after this line reads the ring after this change.
        if self.latest.receiver_count() > 0 {
            // Two threads may arrive here in another order than at the ring.
            self.latest.send_if_modified(|latest| {
                let is_newer = seq > *latest;
                *latest = seq.max(*latest);
                is_newer
            });
        }
        done
    }
}

/// A journal below this could not hold a handful of calls with bodies.
const LEAST_LIMIT_BYTES: usize = 1024 * 1024;
