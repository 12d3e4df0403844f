//! Follows the changes of a journal.
//!
//! A subscription does not queue changes. It only has a position in the ring, and each reading takes what comes after it.
//! So the journal never waits for a reader and holds no memory for it, a slow reader gets each call once in its current
//! form, and replay and live changes are the same thing. If a change goes that a reader has not read, the journal cuts the
//! reader; the reader follows again after the last number that it has read, and begins with [`Event::Gap`].

use std::sync::{Arc, PoisonError};

use serde::ser::{Serialize, Serializer};
use tokio::sync::{oneshot, watch};

use super::Shared;
use super::call::Call;
use super::copied::Record;
use super::mark::Mark;

/// A change of the journal. It serializes as the summary of the call, as the mark, or as `null`.
#[derive(Debug, Clone)]
pub enum Event {
    /// A call began or ended.
    Call(Arc<Call>),
    /// A mark was written.
    Mark(Arc<Mark>),
    /// Changes after the position of the reader had to go. The reader loads everything again.
    Gap,
}

/// A change with its sequence number.
#[derive(Debug, Clone)]
pub struct Numbered {
    /// The number to resume after.
    pub seq: u64,
    /// The change.
    pub event: Event,
}

/// Why nobody else can follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    /// All places are taken.
    #[error(
        "16 readers follow the journal already, which is the limit; close a tab of the console or another stream"
    )]
    TooMany,
}

/// Follows the changes of a journal. Dropping it frees its place.
pub struct Subscription {
    shared: Arc<Shared>,
    latest: watch::Receiver<u64>,
    seat: u64,
    gap: Option<Numbered>,
    cut: Option<oneshot::Receiver<()>>,
}

/// Is over when the journal cuts a reader. Whoever writes a stream to a client that does not read waits for it, because it
/// does not come to the next change.
pub struct Cut(Option<oneshot::Receiver<()>>);

/// Waits for changes without reading them.
pub struct Changes(watch::Receiver<u64>);

impl Event {
    fn of(record: Record) -> Event {
        match record {
            Record::Call(call) => Event::Call(call),
            Record::Mark(mark) => Event::Mark(mark),
        }
    }

    /// The type of the event in a stream: `call`, `mark` or `gap`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Event::Call(_) => "call",
            Event::Mark(_) => "mark",
            Event::Gap => "gap",
        }
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Event::Call(call) => call.summary().serialize(serializer),
            Event::Mark(mark) => mark.serialize(serializer),
            Event::Gap => serializer.serialize_unit(),
        }
    }
}

impl Subscription {
    pub(super) fn new(shared: Arc<Shared>, after: Option<u64>) -> Result<Subscription, FollowError> {
        let latest = shared.latest.subscribe();
        let (alive, cut) = oneshot::channel();
        let mut ring = shared.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.seats() >= SEATS_LIMIT {
            return Err(FollowError::TooMany);
        }
        let (seat, position, is_gap) = ring.sit(after, alive);
        drop(ring);
        let gap = is_gap.then_some(Numbered { seq: position, event: Event::Gap });
        Ok(Subscription { shared, latest, seat, gap, cut: Some(cut) })
    }

    /// Waits for changes and returns up to 64 of them in their order. `None` if the journal cut this reader. Dropping the
    /// future loses nothing.
    pub async fn next(&mut self) -> Option<Vec<Numbered>> {
        if let Some(gap) = self.gap.take() {
            return Some(vec![gap]);
        }
        loop {
            // A change after this line ends the wait below, also if it comes before the wait begins.
            self.latest.borrow_and_update();
            let part = self.shared.seated(|ring| ring.read(self.seat, BATCH))?;
            if !part.is_empty() {
                let numbered = |(seq, record)| Numbered { seq, event: Event::of(record) };
                return Some(part.records().map(numbered).collect());
            }
            self.latest.changed().await.ok()?;
        }
    }

    /// Tells when the journal cuts this reader. Only the first call gets it.
    pub fn cut(&mut self) -> Cut {
        Cut(self.cut.take())
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.seated(|ring| ring.leave(self.seat));
    }
}

impl Cut {
    /// Waits until the journal cuts the reader, or until the subscription is dropped.
    pub async fn wait(self) {
        if let Some(cut) = self.0 {
            // The other end never sends; it is dropped.
            let _dropped = cut.await;
        }
    }
}

impl Changes {
    pub(super) fn new(latest: watch::Receiver<u64>) -> Changes {
        Changes(latest)
    }

    /// Forgets the changes until now: only later changes end the next wait.
    pub fn forget(&mut self) {
        self.0.borrow_and_update();
    }

    /// Waits for a change since the last wait. Returns at once if there was a change already. Dropping the future loses
    /// nothing.
    pub async fn wait(&mut self) {
        // The journal is gone: nothing will ever change.
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// A page is one reader, and a browser opens at most six connections to one host over HTTP/1.
const SEATS_LIMIT: usize = 16;
/// So many events make one piece of a stream.
const BATCH: usize = 64;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;
    use crate::journal::tests::{Told, reset};
    use crate::journal::{CallState, Journal};

    async fn next(subscription: &mut Subscription) -> Vec<Numbered> {
        let events = timeout(Duration::from_secs(30), subscription.next()).await;
        events.expect("an event comes").expect("the reader is not cut")
    }

    fn names(events: &[Numbered]) -> Vec<&'static str> {
        events.iter().map(|numbered| numbered.event.name()).collect()
    }

    #[tokio::test]
    async fn a_reader_gets_what_is_there_and_then_what_comes() {
        let journal = Journal::new(0);
        let told = Told::default();
        let n = told.write(&journal);
        let mut all = journal.follow(Some(0)).unwrap();
        let mut new = journal.follow(None).unwrap();
        let seen = next(&mut all).await;
        assert_eq!(names(&seen), ["call"], "one call, in its current form");
        assert_eq!(seen[0].seq, journal.position());
        reset(&journal);
        assert_eq!(names(&next(&mut all).await), ["mark"]);
        assert_eq!(names(&next(&mut new).await), ["mark"]);
        let second = told.begin(&journal);
        let Event::Call(open) = next(&mut new).await.remove(0).event else { panic!("it is a call") };
        assert_eq!((open.n, open.state), (second, CallState::Open));
        told.end(&journal, second);
        let Event::Call(ended) = next(&mut new).await.remove(0).event else { panic!("it is a call") };
        assert_eq!((ended.n, ended.state), (second, CallState::Ended));
        assert!(n < second);
    }

    #[tokio::test]
    async fn a_gap_is_told() {
        let journal = Journal::new(0);
        let told = Told { request: vec![0; 65_536], ..Told::default() };
        told.write(&journal);
        let position = journal.position();
        let early_open = told.begin(&journal);
        for _ in 0..100 {
            told.write(&journal);
        }
        for after in [0, position, position + 1_000_000, 17] {
            let mut subscription = journal.follow(Some(after)).unwrap();
            assert_eq!(names(&next(&mut subscription).await), ["gap"], "{after}");
            let Event::Call(first) = next(&mut subscription).await.remove(0).event else {
                panic!("it is a call")
            };
            assert_eq!(first.n, early_open, "an open call is there although later changes went");
        }
        let mut subscription = journal.follow(Some(journal.position())).unwrap();
        told.write(&journal);
        assert_eq!(names(&next(&mut subscription).await), ["call"], "no gap");
    }

    #[tokio::test]
    async fn a_reader_who_does_not_read_is_cut_and_nobody_waits_for_it() {
        let journal = Journal::new(0);
        let told = Told { request: vec![0; 65_536], ..Told::default() };
        let mut idle = journal.follow(None).unwrap();
        let cut = idle.cut();
        for _ in 0..100 {
            told.write(&journal);
        }
        assert!(journal.usage().bytes <= journal.usage().limit_bytes);
        timeout(Duration::from_secs(30), cut.wait()).await.expect("the cut is told to who does not read");
        assert!(timeout(Duration::from_secs(30), idle.next()).await.unwrap().is_none());
        let readers: Vec<_> = (0..16).map(|_| journal.follow(None).unwrap()).collect();
        assert_eq!(journal.follow(None).err(), Some(FollowError::TooMany), "the cut reader has no place");
        drop(readers);
        assert!(journal.follow(None).is_ok());
    }

    /// Readers leave and resume all the time while threads write. Each change comes once and in order, and each call comes in
    /// its last form.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_reader_who_resumes_misses_nothing_and_sees_nothing_twice() {
        const WRITERS: usize = 4;
        const CALLS: usize = 1_500;
        let journal = Journal::new(1 << 30);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let journal = journal.clone();
                std::thread::spawn(move || {
                    let told = Told::default();
                    for round in 0..CALLS / 2 {
                        let (first, second) = (told.begin(&journal), told.begin(&journal));
                        if round % 5 == writer {
                            journal.abandon(second);
                            std::thread::yield_now();
                        }
                        told.end(&journal, second);
                        told.end(&journal, first);
                    }
                })
            })
            .collect();
        let (mut after, mut forms) = (0, BTreeMap::new());
        let is_done = |forms: &BTreeMap<u64, Option<u16>>| {
            forms.len() == WRITERS * CALLS && forms.values().all(Option::is_some)
        };
        for visit in 0.. {
            let mut subscription = journal.follow(Some(after)).unwrap();
            for _ in 0..visit % 4 {
                if is_done(&forms) {
                    break;
                }
                for Numbered { seq, event } in next(&mut subscription).await {
                    assert!(seq > after, "{seq} came after {after}");
                    after = seq;
                    let Event::Call(call) = event else { panic!("no gap and no mark") };
                    let earlier = forms.insert(call.n, call.status);
                    assert!(
                        earlier.is_none_or(|status| status.is_none()),
                        "{} changed after its end",
                        call.n
                    );
                }
            }
            if is_done(&forms) {
                break;
            }
        }
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(after, journal.position());
    }
}
