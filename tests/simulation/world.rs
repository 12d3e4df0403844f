//! What the engine needs of a world: hosts that can end and start again, and events of its own.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use portdesk::store::GuestStore;
use rand::RngExt;
use rand::rngs::SmallRng;

use crate::host::HostClock;
use crate::plan::{Fault, FaultKind};

/// The worlds that can be simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorldKind {
    /// One host with the embedded store over a disk.
    Disk,
    /// Several hosts over one table of DynamoDB.
    Table,
}

impl WorldKind {
    /// Both worlds.
    pub const ALL: [WorldKind; 2] = [WorldKind::Disk, WorldKind::Table];

    pub(crate) fn hosts(self) -> usize {
        match self {
            WorldKind::Disk => 1,
            WorldKind::Table => 3,
        }
    }

    /// How long clients and faults are busy, about.
    pub(crate) fn span_us(self) -> u64 {
        match self {
            WorldKind::Disk => 20_000,
            WorldKind::Table => 200_000,
        }
    }

    /// The unit of delays.
    pub(crate) fn delay_us(self) -> u64 {
        match self {
            WorldKind::Disk => 200,
            WorldKind::Table => 1_000,
        }
    }

    pub(crate) fn fault(self, chance: &mut SmallRng) -> FaultKind {
        let step = || FaultKind::ClockStep { by_us: 0 };
        let kind = match (self, chance.random_range(0..10)) {
            (WorldKind::Disk, 0..4) => FaultKind::End { is_power_cut: chance.random_bool(0.7) },
            (WorldKind::Disk, 4) => FaultKind::Restart,
            (WorldKind::Disk, 5 | 6) => FaultKind::DiskFull,
            (WorldKind::Disk, 7) => FaultKind::SyncFails,
            (WorldKind::Disk, 8) => FaultKind::WritesFail { count: chance.random_range(1..4) },
            (WorldKind::Table, 0..4) => FaultKind::Storm,
            (WorldKind::Table, 4..7) => FaultKind::End { is_power_cut: false },
            (WorldKind::Disk | WorldKind::Table, _) => step(),
        };
        if let FaultKind::ClockStep { .. } = kind {
            return FaultKind::ClockStep { by_us: chance.random_range(-2_000_000..2_000_000) };
        }
        kind
    }
}

/// An event of a simulation.
pub(crate) enum Event<E> {
    /// A client sends its next request.
    Send(usize),
    /// A request reaches its host.
    Arrive(usize),
    /// An answer reaches its client.
    Answer(usize),
    /// A client waits no longer.
    GiveUp(usize),
    World(E),
}

/// The time, what happens later, and what the engine tells a world.
pub(crate) struct Turn<E> {
    pub(crate) now: Rc<Cell<u64>>,
    queue: BTreeMap<(u64, u64), Event<E>>,
    count: u64,
    pub(crate) clocks: Vec<Rc<HostClock>>,
    /// How many requests each host works on.
    pub(crate) busy: Vec<usize>,
    /// The hosts that have ended: the engine forgets their requests.
    pub(crate) ended: Vec<usize>,
    pub(crate) defects: Vec<String>,
}

impl<E> Turn<E> {
    pub(crate) fn new(hosts: usize) -> Turn<E> {
        let now = Rc::new(Cell::new(0));
        let clocks = (0..hosts).map(|_| Rc::new(HostClock::new(Rc::clone(&now)))).collect();
        Turn {
            now,
            queue: BTreeMap::new(),
            count: 0,
            clocks,
            busy: vec![0; hosts],
            ended: vec![],
            defects: vec![],
        }
    }

    pub(crate) fn after(&mut self, delay_us: u64, event: Event<E>) {
        self.count += 1;
        self.queue.insert((self.now.get() + delay_us, self.count), event);
    }

    /// The next event. Its time is the time now.
    pub(crate) fn next(&mut self) -> Option<Event<E>> {
        let ((at, _), event) = self.queue.pop_first()?;
        if self.count > EVENTS_LIMIT {
            self.defects.push("the simulation does not end".to_owned());
            return None;
        }
        self.now.set(at);
        Some(event)
    }
}

pub(crate) trait World {
    type Event;

    /// Starts the hosts and plans the faults.
    fn begin(&mut self, faults: &[Fault], turn: &mut Turn<Self::Event>);

    /// The store of a host that runs and accepts requests.
    fn store(&self, host: usize) -> Option<GuestStore>;

    fn happens(&mut self, event: Self::Event, turn: &mut Turn<Self::Event>);

    /// The requests have gone on as far as they can.
    fn settle(&mut self, turn: &mut Turn<Self::Event>);

    /// A host has ended, and nothing has its store any more.
    fn bury(&mut self, host: usize, turn: &mut Turn<Self::Event>);

    /// There are no more faults, and the hosts start again.
    fn calm(&mut self, turn: &mut Turn<Self::Event>);

    /// From which time on lists have to show each ticket, by its id. `None` if they show what was acknowledged.
    fn visible(&self) -> Option<&HashMap<String, u64>>;
}

/// More events than any simulation needs.
const EVENTS_LIMIT: u64 = 20_000;
