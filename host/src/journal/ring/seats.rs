//! Where the subscriptions of a journal are.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

/// The places of all subscriptions.
#[derive(Default)]
pub(super) struct Seats {
    seats: BTreeMap<u64, Seat>,
    last: u64,
}

/// The place of one subscription.
struct Seat {
    /// Everything up to this sequence number was read.
    position: u64,
    /// Dropped with the seat, which the holder of the other end notices.
    _alive: oneshot::Sender<()>,
}

impl Seats {
    pub(super) fn len(&self) -> usize {
        self.seats.len()
    }

    /// Adds a seat and returns its number.
    pub(super) fn add(&mut self, position: u64, alive: oneshot::Sender<()>) -> u64 {
        self.last += 1;
        self.seats.insert(self.last, Seat { position, _alive: alive });
        self.last
    }

    pub(super) fn remove(&mut self, seat: u64) {
        self.seats.remove(&seat);
    }

    /// The position of a seat. `None` if it was taken away.
    pub(super) fn position(&self, seat: u64) -> Option<u64> {
        self.seats.get(&seat).map(|seat| seat.position)
    }

    pub(super) fn advance(&mut self, seat: u64, position: u64) {
        if let Some(seat) = self.seats.get_mut(&seat) {
            seat.position = position;
        }
    }

    /// Takes away the seats of all that have not read the change `seq`.
    pub(super) fn cut_before(&mut self, seq: u64) {
        self.seats.retain(|_, seat| seat.position >= seq);
    }
}
