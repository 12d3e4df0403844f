//! The counters of a family, each found by its place and not by its labels.

use std::sync::OnceLock;

use prometheus::{IntCounter, IntCounterVec};

/// A family whose series have places. A counter is made at its first event, so that what never happens is not shown.
pub(super) struct Series {
    family: IntCounterVec,
    places: Vec<OnceLock<IntCounter>>,
}

impl Series {
    pub(super) fn new(family: IntCounterVec, places: usize) -> Series {
        Series { family, places: (0..places).map(|_| OnceLock::new()).collect() }
    }

    /// Counts an event at this place, which always has these labels.
    pub(super) fn count(&self, place: usize, labels: &[&str]) {
        if let Some(counter) = self.places.get(place) {
            counter.get_or_init(|| self.family.with_label_values(labels)).inc();
        }
    }
}
