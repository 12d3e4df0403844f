//! One host with the embedded store, over a disk that is simulated.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use portdesk::backend::Backend;
use portdesk::backend::embedded::simulated::{self, Turns};
use portdesk::store::GuestStore;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::bug::Bug;
use crate::disk::{Disk, Faults};
use crate::host::{self, SCHEMA};
use crate::plan::{Fault, FaultKind};
use crate::planted::Planted;
use crate::vfs::{self, disk};
use crate::world::{Event, Turn, World};

pub(crate) struct DiskWorld {
    bug: Option<Bug>,
    chance: SmallRng,
    /// The log is merged when it has this many pages.
    log_pages: u32,
    open: Option<Open>,
    faults: Vec<Fault>,
    is_commit_planned: bool,
    is_stopping: bool,
    is_power_cut: bool,
    is_calm: bool,
}

/// The store of the host that runs.
struct Open {
    store: GuestStore,
    turns: Turns,
}

pub(crate) enum DiskEvent {
    Start,
    Commit,
    Fault(usize),
    /// The host is ended, whatever it does.
    End,
    DiskHasRoom,
}

impl DiskWorld {
    pub(crate) fn new(seed: u64, bug: Option<Bug>) -> DiskWorld {
        let mut chance = SmallRng::seed_from_u64(seed ^ 2);
        let mut disk =
            if chance.random_bool(0.1) { Disk::new(chance.random()) } else { used(chance.random()) };
        disk.bug = bug;
        vfs::insert(disk);
        DiskWorld {
            bug,
            log_pages: [2, 8, 30, 1000][chance.random_range(0..4)],
            chance,
            open: None,
            faults: Vec::new(),
            is_commit_planned: false,
            is_stopping: false,
            is_power_cut: false,
            is_calm: false,
        }
    }

    fn start(&mut self, turn: &mut Turn<DiskEvent>) {
        if self.open.is_some() {
            return;
        }
        match simulated::open(Path::new(vfs::URI), &SCHEMA, vfs::cut_log, self.log_pages) {
            Ok((backend, turns)) => {
                let store = host::store(Planted::over(backend, self.bug));
                self.open = Some(Open { store, turns });
            }
            Err(_) if disk(|disk| disk.is_cut) => turn.ended.push(HOST),
            Err(error) if self.is_calm => turn.defects.push(format!("the store does not open: {error}")),
            // The operator tries again, after the disk works.
            Err(_) => turn.after(2_000, Event::World(DiskEvent::Start)),
        }
    }

    fn fault(&mut self, number: usize, turn: &mut Turn<DiskEvent>) {
        let Fault { seed, ref kind, .. } = self.faults[number];
        let mut chance = SmallRng::seed_from_u64(seed);
        match *kind {
            FaultKind::End { is_power_cut } => {
                self.is_power_cut = is_power_cut;
                let after = chance.random_range(0..40);
                disk(|disk| disk.faults.cut_after = Some(after));
                turn.after(3_000, Event::World(DiskEvent::End));
            }
            FaultKind::Restart => self.is_stopping = true,
            FaultKind::DiskFull => {
                let room = chance.random_range(0..30_000);
                disk(|disk| disk.faults.capacity = Some(disk.used() + room));
                turn.after(chance.random_range(1..8_000), Event::World(DiskEvent::DiskHasRoom));
            }
            FaultKind::SyncFails => {
                disk(|disk| disk.faults.failing_syncs = 1);
                self.is_power_cut = chance.random_bool(0.5);
                turn.after(chance.random_range(1..6_000), Event::World(DiskEvent::End));
            }
            FaultKind::WritesFail { count } => disk(|disk| disk.faults.failing_writes = count),
            FaultKind::ClockStep { by_us } => turn.clocks[HOST].ahead.set(by_us),
            FaultKind::Storm => {}
        }
    }
}

impl World for DiskWorld {
    type Event = DiskEvent;

    fn begin(&mut self, faults: &[Fault], turn: &mut Turn<DiskEvent>) {
        self.start(turn);
        self.faults = faults.to_vec();
        for (number, fault) in faults.iter().enumerate() {
            turn.after(fault.at, Event::World(DiskEvent::Fault(number)));
        }
    }

    fn store(&self, _host: usize) -> Option<GuestStore> {
        Some(self.open.as_ref().filter(|_| !self.is_stopping)?.store.clone())
    }

    fn happens(&mut self, event: DiskEvent, turn: &mut Turn<DiskEvent>) {
        match event {
            DiskEvent::Start => self.start(turn),
            DiskEvent::Commit => {
                self.is_commit_planned = false;
                if let Some(open) = &mut self.open {
                    open.turns.turn();
                }
            }
            DiskEvent::Fault(number) if !self.is_calm => self.fault(number, turn),
            DiskEvent::End if !self.is_calm => {
                disk(|disk| disk.is_cut = true);
                turn.ended.push(HOST);
            }
            DiskEvent::Fault(_) | DiskEvent::End => {}
            DiskEvent::DiskHasRoom => disk(|disk| disk.faults.capacity = None),
        }
    }

    fn settle(&mut self, turn: &mut Turn<DiskEvent>) {
        if disk(|disk| disk.is_cut) {
            turn.ended.push(HOST);
            turn.ended.dedup();
            return;
        }
        if turn.busy[HOST] > 0 && !self.is_commit_planned {
            self.is_commit_planned = true;
            turn.after(self.chance.random_range(1..600), Event::World(DiskEvent::Commit));
        }
        if self.is_stopping && turn.busy[HOST] == 0 {
            self.is_stopping = false;
            if let Some(Open { store, turns }) = self.open.take() {
                drop(store);
                turns.finish();
            }
            turn.clocks[HOST].restart();
            turn.after(self.chance.random_range(1..500), Event::World(DiskEvent::Start));
        }
    }

    fn bury(&mut self, _host: usize, turn: &mut Turn<DiskEvent>) {
        self.open = None;
        self.is_stopping = false;
        disk(|disk| disk.restart(self.is_power_cut));
        turn.after(self.chance.random_range(1..3_000), Event::World(DiskEvent::Start));
    }

    fn calm(&mut self, turn: &mut Turn<DiskEvent>) {
        self.is_calm = true;
        self.is_power_cut = self.chance.random_bool(0.7);
        disk(|disk| {
            disk.faults = Faults::default();
            disk.is_cut = true;
        });
        turn.after(1, Event::World(DiskEvent::DiskHasRoom));
    }

    fn visible(&self) -> Option<&HashMap<String, u64>> {
        None
    }
}

/// The disk of a host that has started once before. Making it takes longer than a whole simulation.
fn used(seed: u64) -> Disk {
    thread_local! {
        static USED: RefCell<Option<Disk>> = const { RefCell::new(None) };
    }
    USED.with_borrow_mut(|used| {
        let used = used.get_or_insert_with(|| {
            vfs::insert(Disk::new(0));
            let opened = simulated::open(Path::new(vfs::URI), &SCHEMA, vfs::cut_log, 1000);
            let (backend, turns): (Arc<dyn Backend>, Turns) = opened.expect("an empty disk takes a store");
            drop(backend);
            turns.finish();
            disk(|disk| disk.clone())
        });
        used.settled(seed)
    })
}

/// The only host.
const HOST: usize = 0;
