//! The records of a journal, their numbers and their limits, without locks.
//!
//! Ended calls and marks stand in the order of their last change, so that a reader finds what changed after a sequence number
//! by a binary search, and the record whose last change is the oldest goes first. Open calls stand apart: however slow a call
//! is, it remains until it ends, unless open calls alone exceed the limit.

mod closed;
mod seats;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot;

use self::closed::{Closed, SLOT_BYTES};
use self::seats::Seats;
use super::Usage;
use super::call::CallState;
use super::copied::{Copied, Kind};
use super::filter::Filter;
use super::mark::MarkKind;
use super::record::{Known, begun_us};
use crate::clock;

/// The records of a journal.
pub(super) struct Ring {
    limit_bytes: usize,
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
    open: BTreeMap<u64, OpenCall>,
    /// The bytes of the open calls.
    open_bytes: usize,
    closed: Closed,
    seats: Seats,
    worlds: BTreeMap<Arc<str>, World>,
}

/// A call that has not ended.
struct OpenCall {
    seq: u64,
    space: Arc<str>,
    begun_us: u64,
    bytes: Vec<u8>,
}

/// What an answer adds to a call.
pub(super) struct Answered<'a> {
    pub(super) head: &'a [u8],
    pub(super) body: &'a [u8],
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
            n: 0,
            seq: before_first,
            before_first,
            gone_seq: before_first,
            gone_count: 0,
            open: BTreeMap::new(),
            open_bytes: 0,
            closed: Closed::new(limit_bytes),
            seats: Seats::default(),
            worlds: BTreeMap::new(),
        }
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            bytes: self.held_bytes(),
            limit_bytes: self.limit_bytes,
            records: self.records(),
            open: self.open.len(),
            gone: self.gone_count,
        }
    }

    /// Adds a call that begins, and returns its number.
    pub(super) fn begin(&mut self, space: Arc<str>, begun_us: u64, bytes: Vec<u8>) -> u64 {
        let held = bytes.capacity() + OPEN_BYTES;
        self.make_room(held);
        if !self.worlds.contains_key(&space) {
            self.worlds.insert(Arc::clone(&space), World::default());
        }
        self.n += 1;
        self.seq += 1;
        self.open_bytes += held;
        self.open.insert(self.n, OpenCall { seq: self.seq, space, begun_us, bytes });
        self.n
    }

    /// Ends a call. Returns a buffer that the caller frees after it has released the lock.
    pub(super) fn end(&mut self, n: u64, now_us: u64, answered: &Answered<'_>) -> Option<Vec<u8>> {
        if let Some(call) = self.take_open(n) {
            return Some(self.close(n, CallState::Ended, now_us, call, Some(answered)));
        }
        let (space, bytes) = self.closed.take_abandoned(n)?;
        let call = OpenCall { seq: self.seq, space, begun_us: begun_us(&bytes)?, bytes };
        Some(self.close(n, CallState::Abandoned, now_us, call, Some(answered)))
    }

    /// Ends an open call without an answer. Returns as [`Ring::end`].
    pub(super) fn abandon(&mut self, n: u64, now_us: u64) -> Option<Vec<u8>> {
        let call = self.take_open(n)?;
        Some(self.close(n, CallState::Abandoned, now_us, call, None))
    }

    pub(super) fn mark(&mut self, space: Option<Arc<str>>, kind: MarkKind, bytes: &[u8]) {
        self.n += 1;
        if let Some(space) = &space {
            if kind.begins_world() {
                self.worlds.entry(Arc::clone(space)).or_default().begun_n = self.n;
            } else if kind == MarkKind::Dropped {
                self.worlds.remove(space);
            }
        }
        self.push(self.n, Kind::Mark(space), [bytes, &[], &[]]);
    }

    pub(super) fn world(&self, space: &str) -> World {
        self.worlds.get(space).copied().unwrap_or_default()
    }

    /// All open calls.
    pub(super) fn open(&self) -> Copied {
        let mut copied = Copied::default();
        self.open.iter().for_each(|(n, call)| call.copy(*n, &mut copied));
        copied
    }

    /// Some ended calls and marks whose last change is after `position`, and where to go on. Calls that the filter cannot
    /// select, because of their number or their space, are left out.
    pub(super) fn closed_after(&self, position: u64, filter: &Filter) -> (Copied, Option<u64>) {
        let (mut copied, mut last) = (Copied::default(), None);
        for slot in self.closed.after(position).take(PART_RECORDS) {
            last = Some(slot.seq);
            if filter.may_select(slot.n, &slot.kind) {
                self.closed.copy(slot, &mut copied);
            }
            if copied.len() > PART_BYTES {
                break;
            }
        }
        (copied, last)
    }

    /// The record with this number, if the ring has it.
    pub(super) fn one(&self, n: u64) -> Copied {
        let mut copied = Copied::default();
        if let Some(call) = self.open.get(&n) {
            call.copy(n, &mut copied);
        } else if let Some(slot) = self.closed.find(n) {
            self.closed.copy(slot, &mut copied);
        }
        copied
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
        (self.seats.add(position, alive), position, is_gap)
    }

    pub(super) fn leave(&mut self, seat: u64) {
        self.seats.remove(seat);
    }

    /// Up to `limit` changes after the position of the seat, in their order. `None` if the seat was taken away.
    pub(super) fn read(&mut self, seat: u64, limit: usize) -> Option<Copied> {
        let position = self.seats.position(seat)?;
        let mut copied = Copied::default();
        let mut open: Vec<_> = self.open.iter().rev().take_while(|(_, call)| call.seq > position).collect();
        let mut closed = self.closed.after(position).peekable();
        for _ in 0..limit {
            let next_open = open.last().map_or(u64::MAX, |(_, call)| call.seq);
            if let Some(slot) = closed.next_if(|slot| slot.seq < next_open) {
                self.closed.copy(slot, &mut copied);
            } else if let Some((n, call)) = open.pop() {
                call.copy(*n, &mut copied);
            }
            if copied.len() > PART_BYTES {
                break;
            }
        }
        if let Some(last) = copied.last_seq() {
            self.seats.advance(seat, last);
        }
        Some(copied)
    }

    fn take_open(&mut self, n: u64) -> Option<OpenCall> {
        let call = self.open.remove(&n)?;
        self.open_bytes = self.open_bytes.saturating_sub(call.bytes.capacity() + OPEN_BYTES);
        Some(call)
    }

    fn close(
        &mut self,
        n: u64,
        state: CallState,
        now_us: u64,
        call: OpenCall,
        answered: Option<&Answered<'_>>,
    ) -> Vec<u8> {
        let OpenCall { space, begun_us, bytes, .. } = call;
        let duration_us = now_us.saturating_sub(begun_us);
        let kind = Kind::Call(Known { space, state, has_answer: answered.is_some(), duration_us });
        let [head, body] = answered.map_or([&[][..]; 2], |answered| [answered.head, answered.body]);
        self.push(n, kind, [&bytes, head, body]);
        bytes
    }

    fn push(&mut self, n: u64, kind: Kind, parts: [&[u8]; 3]) {
        self.make_room(parts.iter().map(|part| part.len()).sum::<usize>() + SLOT_BYTES);
        self.seq += 1;
        self.closed.push(self.seq, n, kind, parts);
    }

    fn held_bytes(&self) -> usize {
        self.closed.held_bytes() + self.open_bytes
    }

    fn records(&self) -> usize {
        self.closed.records() + self.open.len()
    }

    /// Lets the oldest records go until there is room for one more that has so many bytes.
    fn make_room(&mut self, bytes: usize) {
        let mut latest_gone = 0;
        while self.held_bytes() + bytes > self.limit_bytes || self.records() >= RECORDS_LIMIT {
            let Some(seq) = self.let_go() else { break };
            latest_gone = latest_gone.max(seq);
        }
        if latest_gone > 0 {
            self.gone_seq = self.gone_seq.max(latest_gone);
            // The other readers missed something. They come back and are told.
            self.seats.cut_before(latest_gone);
        }
    }

    /// Lets the oldest record go. Returns the number of its change, or 0 if the record had moved, or `None` if there is none.
    fn let_go(&mut self) -> Option<u64> {
        let (seq, call) = if let Some(slot) = self.closed.pop() {
            match slot.kind {
                Kind::Moved => return Some(0),
                Kind::Mark(_) => (slot.seq, None),
                Kind::Call(known) => (slot.seq, Some((slot.n, known.space))),
            }
        } else {
            let n = *self.open.first_key_value()?.0;
            let call = self.take_open(n)?;
            (call.seq, Some((n, call.space)))
        };
        self.gone_count += 1;
        if let Some((n, space)) = call
            && let Some(world) = self.worlds.get_mut(&space)
        {
            world.gone_n = world.gone_n.max(n);
        }
        Some(seq)
    }
}

impl OpenCall {
    fn copy(&self, n: u64, to: &mut Copied) {
        let state = CallState::Open;
        let known = Known { space: Arc::clone(&self.space), state, has_answer: false, duration_us: 0 };
        to.add(self.seq, n, Kind::Call(known), [&self.bytes, &[]]);
    }
}

/// A limit of bytes alone would allow a million tiny records, which nobody can look through.
const RECORDS_LIMIT: usize = 100_000;
/// What an open call takes beside its bytes. A node of a tree may be little more than half full.
const OPEN_BYTES: usize = 2 * (size_of::<OpenCall>() + size_of::<u64>());
/// How much a reader looks at and copies under one lock, so that requests wait for it only some microseconds.
const PART_RECORDS: usize = 1024;
const PART_BYTES: usize = 128 * 1024;
