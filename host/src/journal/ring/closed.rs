//! Ended calls and marks: slots in the order of their last change, and the bytes of their records one after the other.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::journal::call::CallState;
use crate::journal::copied::{Copied, Kind};

/// The ended calls and the marks of a ring.
pub(super) struct Closed {
    slots: VecDeque<Slot>,
    bytes: VecDeque<u8>,
    /// How many bytes had to go before the first of them.
    gone_bytes: u64,
    /// The slots whose record moved into a later one.
    moved: usize,
}

/// An ended call or a mark.
pub(super) struct Slot {
    pub(super) seq: u64,
    pub(super) n: u64,
    pub(super) kind: Kind,
    /// Where its bytes begin, counted from the first byte of this run.
    begin: u64,
    length: usize,
}

impl Closed {
    /// An empty queue, whose records will have at most `limit_bytes`.
    pub(super) fn new(limit_bytes: usize) -> Closed {
        let mut bytes = VecDeque::new();
        // Memory that nothing was written into costs nothing. Without it, the buffer would grow by being copied.
        let _ = bytes.try_reserve_exact(limit_bytes);
        Closed { slots: VecDeque::new(), bytes, gone_bytes: 0, moved: 0 }
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.bytes.len() + self.slots.len() * SLOT_BYTES
    }

    pub(super) fn records(&self) -> usize {
        self.slots.len() - self.moved
    }

    /// Adds a record. `seq` must be greater than all before.
    pub(super) fn push(&mut self, seq: u64, n: u64, kind: Kind, parts: [&[u8]; 3]) {
        let begin = self.gone_bytes + self.bytes.len() as u64;
        let length = parts.iter().map(|part| part.len()).sum();
        self.slots.push_back(Slot { seq, n, kind, begin, length });
        for part in parts {
            self.bytes.extend(part);
        }
    }

    /// Lets the oldest slot go. This moves the beginning of the buffer and frees nothing.
    pub(super) fn pop(&mut self) -> Option<Slot> {
        let slot = self.slots.pop_front()?;
        self.bytes.drain(..slot.length.min(self.bytes.len()));
        self.gone_bytes += slot.length as u64;
        if matches!(slot.kind, Kind::Moved) {
            self.moved -= 1;
        }
        Some(slot)
    }

    /// The records whose last change is after `position`.
    pub(super) fn after(&self, position: u64) -> impl Iterator<Item = &Slot> {
        let from = self.slots.partition_point(|slot| slot.seq <= position);
        self.slots.range(from..).filter(|slot| !matches!(slot.kind, Kind::Moved))
    }

    /// The record with this number.
    pub(super) fn find(&self, n: u64) -> Option<&Slot> {
        self.slots.get(self.place(n)?)
    }

    /// Takes an abandoned call out of its slot, because it ended after all. Returns its space and its bytes.
    pub(super) fn take_abandoned(&mut self, n: u64) -> Option<(Arc<str>, Vec<u8>)> {
        let place = self.place(n)?;
        let slot = self.slots.get(place)?;
        let Kind::Call(known) = &slot.kind else { return None };
        if known.state != CallState::Abandoned || known.has_answer {
            return None;
        }
        let taken = (Arc::clone(&known.space), self.bytes_of(slot).concat());
        self.slots.get_mut(place)?.kind = Kind::Moved;
        self.moved += 1;
        Some(taken)
    }

    pub(super) fn copy(&self, slot: &Slot, to: &mut Copied) {
        to.add(slot.seq, slot.n, slot.kind.clone(), self.bytes_of(slot));
    }

    /// Calls end roughly in the order of their numbers, but only roughly.
    fn place(&self, n: u64) -> Option<usize> {
        self.slots.iter().rposition(|slot| slot.n == n && !matches!(slot.kind, Kind::Moved))
    }

    /// The bytes of a slot. They are in two parts if the end of the buffer is between them.
    fn bytes_of(&self, slot: &Slot) -> [&[u8]; 2] {
        let (first, second) = self.bytes.as_slices();
        let begin = usize::try_from(slot.begin.saturating_sub(self.gone_bytes)).unwrap_or(usize::MAX);
        let end = begin.saturating_add(slot.length);
        let behind = |at: usize| at.saturating_sub(first.len());
        let in_first = first.get(begin.min(first.len())..end.min(first.len()));
        let in_second = second.get(behind(begin)..behind(end));
        [in_first.unwrap_or_default(), in_second.unwrap_or_default()]
    }
}

/// What a slot takes beside its bytes. A queue that has just grown is half empty.
pub(super) const SLOT_BYTES: usize = 2 * size_of::<Slot>();
