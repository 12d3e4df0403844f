//! What happens to a request on its way. Each step is encoded when it happens, so that a request needs one allocation for all
//! of them.

use serde::{Deserialize, Serialize};

use super::call::{Injected, Station, StationName, StoreCall};
use super::record::encode;
use crate::telemetry::{Outcome, Verb};

/// The steps of a request: its stations, the items that it read or wrote, and the faults that it met.
#[derive(Debug, Clone, Default)]
pub struct Trail {
    steps: Vec<u8>,
    stations: usize,
    has_faults: bool,
}

/// A call of the store that ended.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct StoreStep<'a> {
    /// The function.
    pub verb: Verb,
    /// The key of the item; empty for a query.
    pub key: &'a str,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the item counts as read or written.
    pub is_touched: bool,
}

#[derive(Debug, Serialize, Deserialize)]
enum Step<'a> {
    Station {
        name: StationName,
        begin_us: u64,
        duration_us: u64,
    },
    Store {
        begin_us: u64,
        duration_us: u64,
        #[serde(borrow)]
        call: StoreStep<'a>,
    },
    Item(&'a str),
    Fault {
        rule: &'a str,
        station: StationName,
        stored: Option<bool>,
    },
}

/// The steps of a call, decoded.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) stations: Vec<Station>,
    pub(super) items: Vec<Box<str>>,
    pub(super) faults: Vec<Injected>,
}

impl Trail {
    /// The request was at a station, from `begin_us` on: microseconds after its beginning.
    pub fn station(&mut self, name: StationName, begin_us: u64, duration_us: u64) {
        if self.has_place() {
            self.add(&Step::Station { name, begin_us, duration_us });
        }
    }

    /// The request called the store.
    pub fn store(&mut self, begin_us: u64, duration_us: u64, call: StoreStep<'_>) {
        if self.has_place() {
            self.add(&Step::Store { begin_us, duration_us, call });
        } else if call.is_touched {
            self.item(call.key);
        }
    }

    /// The request read or wrote an item.
    pub fn item(&mut self, key: &str) {
        self.add(&Step::Item(key));
    }

    /// The request met a fault.
    pub fn fault(&mut self, rule: &str, station: StationName, stored: Option<bool>) {
        self.has_faults = true;
        self.add(&Step::Fault { rule, station, stored });
    }

    /// Whether the request met a fault.
    #[must_use]
    pub fn has_faults(&self) -> bool {
        self.has_faults
    }

    /// The steps as the ring keeps them.
    pub(super) fn steps(&self) -> &[u8] {
        &self.steps
    }

    /// How many stations came after the last that is kept.
    pub(super) fn left_out(&self) -> usize {
        self.stations.saturating_sub(STATIONS_LIMIT)
    }

    /// Counts a station, and tells whether it is kept.
    fn has_place(&mut self) -> bool {
        self.stations += 1;
        self.stations <= STATIONS_LIMIT
    }

    fn add(&mut self, step: &Step<'_>) {
        if self.steps.capacity() == 0 {
            self.steps.reserve(STEPS_BYTES);
        }
        encode(step, &mut self.steps);
    }
}

impl Steps {
    /// Decodes what a trail encoded.
    pub(super) fn decode(mut bytes: &[u8]) -> Option<Steps> {
        let mut steps = Steps::default();
        while !bytes.is_empty() {
            let (step, rest) = postcard::take_from_bytes(bytes).ok()?;
            bytes = rest;
            steps.add(&step);
        }
        steps.items.sort_unstable();
        steps.items.dedup();
        steps.items.truncate(ITEMS_LIMIT);
        Some(steps)
    }

    fn add(&mut self, step: &Step<'_>) {
        match *step {
            Step::Station { name, begin_us, duration_us } => {
                self.stations.push(Station { name, begin_us, duration_us, store: None });
            }
            Step::Store { begin_us, duration_us, call: StoreStep { verb, key, outcome, is_touched } } => {
                let store = Some(StoreCall { verb, key: key.into(), outcome });
                self.stations.push(Station { name: StationName::Store, begin_us, duration_us, store });
                if is_touched {
                    self.items.push(key.into());
                }
            }
            Step::Item(key) => self.items.push(key.into()),
            Step::Fault { rule, station, stored } => {
                self.faults.push(Injected { rule: rule.into(), station, stored });
            }
        }
    }
}

/// A component may make 1,000 calls of the store for one request. Nobody reads that many lines.
const STATIONS_LIMIT: usize = 256;
/// More than two pages of a query.
const ITEMS_LIMIT: usize = 256;
/// What the steps of most requests need.
const STEPS_BYTES: usize = 256;
