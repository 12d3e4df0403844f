//! Records that were copied out of the ring. They are decoded after its lock is released.

use std::sync::Arc;

use super::call::Call;
use super::mark::Mark;
use super::record::{self, Known};

/// A call or a mark, decoded.
#[derive(Debug)]
pub(super) enum Record {
    Call(Arc<Call>),
    Mark(Arc<Mark>),
}

/// What a slot of the ring holds.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Call(Known),
    /// A mark of a space, or of the whole host.
    Mark(Option<Arc<str>>),
    /// A call that ended after its client had left. Its record is in a later slot.
    Moved,
}

/// Records and their bytes.
#[derive(Debug, Default)]
pub(super) struct Copied {
    records: Vec<Held>,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Held {
    seq: u64,
    n: u64,
    kind: Kind,
    length: usize,
}

impl Copied {
    /// Adds a record, whose bytes may be in two parts.
    pub(super) fn add(&mut self, seq: u64, n: u64, kind: Kind, bytes: [&[u8]; 2]) {
        let length = bytes.iter().map(|part| part.len()).sum();
        for part in bytes {
            self.bytes.extend_from_slice(part);
        }
        self.records.push(Held { seq, n, kind, length });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The bytes of all records.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The number of the last change.
    pub(super) fn last_seq(&self) -> Option<u64> {
        self.records.last().map(|record| record.seq)
    }

    /// The records with the numbers of their changes.
    pub(super) fn records(self) -> impl Iterator<Item = (u64, Record)> {
        let (bytes, mut at) = (self.bytes, 0);
        self.records.into_iter().filter_map(move |Held { seq, n, kind, length }| {
            let record = bytes.get(at..at + length)?;
            at += length;
            let record = match kind {
                Kind::Call(known) => Record::Call(Arc::new(record::decode(n, known, record)?)),
                Kind::Mark(space) => Record::Mark(Arc::new(Mark::decode(n, space, record)?)),
                Kind::Moved => return None,
            };
            Some((seq, record))
        })
    }
}
