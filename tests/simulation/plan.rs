//! What happens in a simulation: the steps of the clients and the faults, all chosen by a seed.
//!
//! Each step and each fault has chances of its own. So a plan without one of them leaves the others as they were, and the
//! smallest plan that still breaks a promise can be searched.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::world::WorldKind;

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) clients: Vec<Vec<Step>>,
    pub(crate) faults: Vec<Fault>,
}

/// One operation of a client, with its repeats.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// The number of the step among those of all clients.
    pub(crate) number: u32,
    pub(crate) seed: u64,
    pub(crate) action: Action,
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// Opens the ticket of a slot, under the key of the slot.
    Open {
        slot: u32,
        content: u32,
    },
    /// Opens a ticket without a key.
    OpenAnother,
    Read {
        slot: u32,
    },
    Comment {
        slot: u32,
        has_key: bool,
        if_match: bool,
    },
    Move {
        slot: u32,
        to: &'static str,
        has_comment: bool,
        if_match: bool,
    },
    List {
        caller: u32,
        limit: u32,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) at: u64,
    pub(crate) seed: u64,
    pub(crate) kind: FaultKind,
}

#[derive(Debug, Clone)]
pub(crate) enum FaultKind {
    /// The host ends at one of its next changes of files, with or without the power of its machine.
    End {
        is_power_cut: bool,
    },
    /// The host ends in good order and starts again.
    Restart,
    DiskFull,
    SyncFails,
    WritesFail {
        count: u32,
    },
    ClockStep {
        by_us: i64,
    },
    /// The network loses or delays much for a while.
    Storm,
}

impl Plan {
    pub(crate) fn new(seed: u64, world: WorldKind) -> Plan {
        let mut chance = SmallRng::seed_from_u64(seed);
        let span = world.span_us();
        let mut number = 0;
        // Some plans are about one ticket, some about lists.
        let slots = chance.random_range(1..=SLOTS);
        let lists = if chance.random_bool(0.25) { 12 } else { 2 };
        let clients = (0..chance.random_range(2..=4)).map(|_| {
            (0..chance.random_range(3..=9))
                .map(|_| {
                    number += 1;
                    Step { number, seed: chance.random(), action: Action::any(&mut chance, slots, lists) }
                })
                .collect()
        });
        let clients = clients.collect();
        let faults = (0..chance.random_range(0..=4))
            .map(|_| Fault {
                at: chance.random_range(0..span),
                seed: chance.random(),
                kind: world.fault(&mut chance),
            })
            .collect();
        Plan { seed, clients, faults }
    }
}

impl Action {
    fn any(chance: &mut SmallRng, slots: u32, lists: u32) -> Action {
        let slot = chance.random_range(0..slots);
        match chance.random_range(0..16 + lists) {
            0..3 => Action::Open { slot, content: u32::from(chance.random_bool(0.1)) },
            3 => Action::OpenAnother,
            4..7 => Action::Read { slot },
            7..12 => {
                Action::Comment { slot, has_key: chance.random_bool(0.8), if_match: chance.random_bool(0.3) }
            }
            12..16 => Action::Move {
                slot,
                to: STATUSES[chance.random_range(0..STATUSES.len())],
                has_comment: chance.random_bool(0.4),
                if_match: chance.random_bool(0.4),
            },
            _ if lists > 2 && chance.random_bool(0.6) => Action::OpenAnother,
            _ => Action::List { caller: chance.random_range(0..2), limit: chance.random_range(1..=3) },
        }
    }
}

/// The most tickets with a key.
pub(crate) const SLOTS: u32 = 3;

/// The final ones are rarer, because little happens after them.
const STATUSES: [&str; 10] = [
    "open",
    "open",
    "in_progress",
    "in_progress",
    "on_hold",
    "on_hold",
    "resolved",
    "resolved",
    "closed",
    "cancelled",
];
