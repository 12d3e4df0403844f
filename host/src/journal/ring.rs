//! The records of a journal, their numbers and their limits, without locks.
//!
//! Ended calls and marks stand in a queue in the order of their last change, so that a reader finds what changed after a
//! sequence number by a binary search, and the record whose last change is the oldest goes first. Open calls stand apart:
//! however slow a call is, it remains until it ends, unless open calls alone exceed the limit.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::mem;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::Usage;
use super::call::{Call, CallState};
use super::follow::{Event, Numbered};
use super::mark::{Mark, MarkKind};
use crate::clock;

/// The records of a journal.
pub(super) struct Ring {
    limit_bytes: usize,
    /// What all records hold, with their slots.
    bytes: usize,
    /// The number of the last record.
    n: u64,
    /// The sequence number of the last change.
    seq: u64,
    /// The sequence number before the first change of this run.
    before_first: u64,
    /// The greatest sequence number of a record that had to go.
    gone_seq: u64,
    gone_count: u64,
    /// Calls that have not ended, by their `n`. Their sequence numbers grow with `n`, since a call gets both at once.
    open: BTreeMap<u64, Slot>,
    /// Ended calls and marks, sorted by sequence number.
    closed: VecDeque<Slot>,
    /// Records that had to go, until the caller has released the lock and frees them.
    gone: Vec<Slot>,
    /// Where each subscription is: everything up to this sequence number was read.
    seats: BTreeMap<u64, Seat>,
    last_seat: u64,
    worlds: HashMap<Arc<str>, World>,
}

/// A record and what the ring knows of it.
pub(super) struct Slot {
    seq: u64,
    n: u64,
    bytes: usize,
    record: Record,
}

/// A call or a mark.
#[derive(Debug, Clone)]
pub(super) enum Record {
    Call(Arc<Call>),
    Mark(Arc<Mark>),
}

/// The place of one subscription.
struct Seat {
    position: u64,
    /// Dropped with the seat, which the holder of the other end notices.
    _alive: oneshot::Sender<()>,
}

/// What a check must know of a space.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct World {
    /// The number of the last mark that began a new world; 0 if there was none.
    pub(super) begun_n: u64,
    /// The greatest number of a call that had to go; 0 if there was none.
    pub(super) gone_n: u64,
}

impl Ring {
    pub(super) fn new(limit_bytes: usize) -> Ring {
        // The time keeps the numbers of two runs of the host apart: a reader that resumes with a number of an earlier run
        // learns that it missed something. Programs that know only floating-point numbers read it exactly until 2255.
        let before_first = u64::try_from(clock::since_1970().as_micros()).unwrap_or_default();
        Ring {
            limit_bytes,
            bytes: 0,
            n: 0,
            seq: before_first,
            before_first,
            gone_seq: before_first,
            gone_count: 0,
            open: BTreeMap::new(),
            closed: VecDeque::new(),
            gone: Vec::new(),
            seats: BTreeMap::new(),
            last_seat: 0,
            worlds: HashMap::new(),
        }
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            bytes: self.bytes,
            limit_bytes: self.limit_bytes,
            records: self.open.len() + self.closed.len(),
            open: self.open.len(),
            gone: self.gone_count,
        }
    }

    pub(super) fn begin(&mut self, mut call: Call) -> u64 {
        self.n += 1;
        call.n = self.n;
        if !self.worlds.contains_key(&call.space) {
            self.worlds.insert(Arc::clone(&call.space), World::default());
        }
        let slot = self.slot(Record::Call(Arc::new(call)));
        self.open.insert(self.n, slot);
        self.evict();
        self.n
    }

    pub(super) fn close(&mut self, n: u64, change: impl FnOnce(&mut Call)) {
        let Some(slot) = self.open.remove(&n).or_else(|| self.take_abandoned(n)) else { return };
        self.bytes = self.bytes.saturating_sub(slot.bytes);
        let Record::Call(call) = slot.record else { return };
        // Readers may hold the earlier form. Then this copies it, without its bodies.
        let mut call = Arc::unwrap_or_clone(call);
        change(&mut call);
        let slot = self.slot(Record::Call(Arc::new(call)));
        self.closed.push_back(slot);
        self.evict();
    }

    pub(super) fn mark(&mut self, mut mark: Mark) {
        self.n += 1;
        mark.n = self.n;
        if let Some(space) = &mark.space {
            if mark.kind.begins_world() {
                self.worlds.entry(Arc::clone(space)).or_default().begun_n = mark.n;
            } else if mark.kind == MarkKind::Dropped {
                self.worlds.remove(space);
            }
        }
        let slot = self.slot(Record::Mark(Arc::new(mark)));
        self.closed.push_back(slot);
        self.evict();
    }

    pub(super) fn world(&self, space: &str) -> World {
        self.worlds.get(space).copied().unwrap_or_default()
    }

    /// The records that had to go. The caller drops them after it has released the lock.
    pub(super) fn take_gone(&mut self) -> Vec<Slot> {
        mem::take(&mut self.gone)
    }

    pub(super) fn open(&self) -> Vec<Record> {
        self.open.values().map(|slot| slot.record.clone()).collect()
    }

    /// Up to `limit` ended calls and marks whose last change is after `position`, with the numbers of the changes.
    pub(super) fn closed_after(&self, position: u64, limit: usize) -> Vec<(u64, Record)> {
        let from = self.closed.partition_point(|slot| slot.seq <= position);
        self.closed.range(from..).take(limit).map(|slot| (slot.seq, slot.record.clone())).collect()
    }

    pub(super) fn call(&self, n: u64) -> Option<Arc<Call>> {
        // Calls end roughly in the order of their numbers, but only roughly.
        let closed = || self.closed.iter().rev().find(|slot| slot.n == n);
        match &self.open.get(&n).or_else(closed)?.record {
            Record::Call(call) => Some(Arc::clone(call)),
            Record::Mark(_) => None,
        }
    }

    pub(super) fn seats(&self) -> usize {
        self.seats.len()
    }

    /// Gives a subscription a seat. Also returns where it is, and whether changes after `after` are missing.
    pub(super) fn sit(&mut self, after: Option<u64>, alive: oneshot::Sender<()>) -> (u64, u64, bool) {
        let (position, is_gap) = match after {
            None => (self.seq, false),
            Some(0) => (0, self.gone_count > 0),
            Some(after) if after < self.before_first || after > self.seq => (0, true),
            Some(after) => (after, after < self.gone_seq),
        };
        self.last_seat += 1;
        self.seats.insert(self.last_seat, Seat { position, _alive: alive });
        (self.last_seat, position, is_gap)
    }

    pub(super) fn leave(&mut self, seat: u64) {
        self.seats.remove(&seat);
    }

    /// Up to `limit` changes after the position of the seat, in their order. `None` if the seat was taken away.
    pub(super) fn read(&mut self, seat: u64, limit: usize) -> Option<Vec<Numbered>> {
        let position = self.seats.get(&seat)?.position;
        let from = self.closed.partition_point(|slot| slot.seq <= position);
        let closed = self.closed.range(from..).take(limit);
        let open = self.open.values().rev().take_while(|slot| slot.seq > position);
        let mut slots: Vec<_> = closed.chain(open).collect();
        slots.sort_unstable_by_key(|slot| slot.seq);
        slots.truncate(limit);
        let events: Vec<_> = slots
            .into_iter()
            .map(|slot| Numbered { seq: slot.seq, event: Event::of(&slot.record) })
            .collect();
        if let (Some(seat), Some(last)) = (self.seats.get_mut(&seat), events.last()) {
            seat.position = last.seq;
        }
        Some(events)
    }

    fn slot(&mut self, record: Record) -> Slot {
        self.seq += 1;
        let (n, held) = match &record {
            Record::Call(call) => (call.n, call.bytes()),
            Record::Mark(mark) => (mark.n, mark.bytes()),
        };
        let bytes = held + SLOT_BYTES;
        self.bytes += bytes;
        Slot { seq: self.seq, n, bytes, record }
    }

    /// Takes an abandoned call out of the queue, because it ended after all.
    fn take_abandoned(&mut self, n: u64) -> Option<Slot> {
        let place = self.closed.iter().rposition(|slot| slot.n == n)?;
        let is_abandoned = match &self.closed.get(place)?.record {
            Record::Call(call) => call.state == CallState::Abandoned && call.status.is_none(),
            Record::Mark(_) => false,
        };
        if is_abandoned { self.closed.remove(place) } else { None }
    }

    fn evict(&mut self) {
        let mut latest_gone = 0;
        while self.bytes > self.limit_bytes || self.open.len() + self.closed.len() > RECORDS_LIMIT {
            let oldest_open = |open: &mut BTreeMap<u64, Slot>| open.pop_first().map(|(_, slot)| slot);
            let Some(slot) = self.closed.pop_front().or_else(|| oldest_open(&mut self.open)) else { break };
            self.bytes = self.bytes.saturating_sub(slot.bytes);
            latest_gone = latest_gone.max(slot.seq);
            self.gone_count += 1;
            if let Record::Call(call) = &slot.record
                && let Some(world) = self.worlds.get_mut(&call.space)
            {
                world.gone_n = world.gone_n.max(call.n);
            }
            self.gone.push(slot);
        }
        if latest_gone > 0 {
            self.gone_seq = self.gone_seq.max(latest_gone);
            // The other readers missed something. They come back and are told.
            self.seats.retain(|_, seat| seat.position >= latest_gone);
        }
    }
}

/// A limit of bytes alone would allow a million tiny records, which nobody can look through.
const RECORDS_LIMIT: usize = 100_000;
/// A queue that has just grown is half empty.
const SLOT_BYTES: usize = 2 * size_of::<Slot>();
