//! Several hosts over one table that is simulated.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use items::dynamodb::Attributes;
use portdesk::store::GuestStore;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::bug::Bug;
use crate::host;
use crate::network::{Network, TableStore};
use crate::plan::{Fault, FaultKind};
use crate::planted::Planted;
use crate::table::{Answer, Request, Table};
use crate::world::{Event, Turn, World, WorldKind};

pub(crate) struct TableWorld {
    network: Arc<Mutex<Network>>,
    bug: Option<Bug>,
    chance: SmallRng,
    table: Table,
    stores: Vec<Option<GuestStore>>,
    faults: Vec<Fault>,
    /// The attempts whose host has no answer yet.
    open: HashMap<u64, Request>,
    storm_until: u64,
    is_calm: bool,
}

pub(crate) enum TableEvent {
    /// An attempt reaches the table, and ends in this way.
    Arrive(u64, Request, Ending),
    Answer(u64, Answer),
    Silence(u64),
    /// The index shows an item.
    Show(Attributes),
    Fault(usize),
    Start(usize),
}

/// How an attempt ends that reaches the table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ending {
    Answered,
    AnswerLost,
    Throttled,
    ErrorBefore,
    ErrorAfter,
}

impl TableWorld {
    pub(crate) fn new(seed: u64, bug: Option<Bug>) -> TableWorld {
        TableWorld {
            network: Arc::default(),
            bug,
            chance: SmallRng::seed_from_u64(seed ^ 2),
            table: Table::default(),
            stores: vec![None; WorldKind::Table.hosts()],
            faults: Vec::new(),
            open: HashMap::new(),
            storm_until: 0,
            is_calm: false,
        }
    }

    fn start(&mut self, host: usize) {
        let store = TableStore { network: Arc::clone(&self.network), bug: self.bug };
        self.stores[host] = Some(host::store(Planted::over(Arc::new(store), self.bug)));
    }

    /// An attempt leaves its host.
    fn sent(&mut self, number: u64, request: Request, turn: &mut Turn<TableEvent>) {
        self.open.insert(number, request.clone());
        let is_storm = turn.now.get() < self.storm_until;
        let fails = !self.is_calm && self.chance.random_bool(if is_storm { 0.6 } else { 0.08 });
        let delay = self.chance.random_range(100..2_000);
        let late = self.chance.random_range(0..60_000);
        let (delay, ending) = match self.chance.random_range(0..8) {
            _ if !fails => (Some(delay), Ending::Answered),
            0 => (None, Ending::AnswerLost),
            1 | 2 => (Some(delay + late), Ending::Answered),
            3 => (Some(delay), Ending::AnswerLost),
            4 => (Some(delay), Ending::ErrorBefore),
            5 => (Some(delay), Ending::ErrorAfter),
            _ => (Some(delay), Ending::Throttled),
        };
        if let Some(delay) = delay {
            turn.after(delay, Event::World(TableEvent::Arrive(number, request, ending)));
        }
        turn.after(PATIENCE_US, Event::World(TableEvent::Silence(number)));
    }

    fn arrive(&mut self, number: u64, request: &Request, ending: Ending, turn: &mut Turn<TableEvent>) {
        let answer = match ending {
            Ending::Throttled => Answer::Throttled,
            Ending::ErrorBefore => Answer::Error,
            Ending::Answered | Ending::AnswerLost | Ending::ErrorAfter => {
                let page = if self.chance.random_bool(0.2) { 1 } else { 100 };
                let (answer, shown) = self.table.answer(request, page);
                if let Some(item) = shown {
                    let longest = if self.chance.random_bool(0.2) { 40_000 } else { 500 };
                    let lag = self.chance.random_range(0..longest);
                    turn.after(lag, Event::World(TableEvent::Show(item)));
                }
                if matches!(ending, Ending::ErrorAfter) { Answer::Error } else { answer }
            }
        };
        if !matches!(ending, Ending::AnswerLost) {
            let delay = self.chance.random_range(100..2_000);
            turn.after(delay, Event::World(TableEvent::Answer(number, answer)));
        }
    }

    /// The host of an attempt gets its answer, unless it waits no longer.
    fn answered(&mut self, number: u64, answer: Answer) {
        if self.open.remove(&number).is_some() {
            self.network.lock().unwrap().answers.insert(number, answer);
        }
    }

    fn fault(&mut self, number: usize, turn: &mut Turn<TableEvent>) {
        let Fault { seed, ref kind, .. } = self.faults[number];
        let mut chance = SmallRng::seed_from_u64(seed);
        let host = chance.random_range(0..self.stores.len());
        match *kind {
            FaultKind::End { .. } if self.stores[host].is_some() => turn.ended.push(host),
            FaultKind::Storm => self.storm_until = turn.now.get() + chance.random_range(5_000..60_000),
            FaultKind::ClockStep { by_us } => turn.clocks[host].ahead.set(by_us),
            _ => {}
        }
    }
}

impl World for TableWorld {
    type Event = TableEvent;

    fn begin(&mut self, faults: &[Fault], turn: &mut Turn<TableEvent>) {
        (0..self.stores.len()).for_each(|host| self.start(host));
        self.faults = faults.to_vec();
        for (number, fault) in faults.iter().enumerate() {
            turn.after(fault.at, Event::World(TableEvent::Fault(number)));
        }
    }

    fn store(&self, host: usize) -> Option<GuestStore> {
        self.stores[host].clone()
    }

    fn happens(&mut self, event: TableEvent, turn: &mut Turn<TableEvent>) {
        match event {
            TableEvent::Arrive(number, request, ending) => self.arrive(number, &request, ending, turn),
            TableEvent::Answer(number, answer) => self.answered(number, answer),
            TableEvent::Silence(number) => self.answered(number, Answer::Silence),
            TableEvent::Show(item) => self.table.show(item, turn.now.get()),
            TableEvent::Fault(number) => self.fault(number, turn),
            TableEvent::Start(host) => self.start(host),
        }
    }

    fn settle(&mut self, turn: &mut Turn<TableEvent>) {
        let sent = std::mem::take(&mut self.network.lock().unwrap().sent);
        for (number, request) in sent {
            self.sent(number, request, turn);
        }
    }

    fn bury(&mut self, host: usize, turn: &mut Turn<TableEvent>) {
        self.stores[host] = None;
        turn.after(self.chance.random_range(1..20_000), Event::World(TableEvent::Start(host)));
    }

    fn calm(&mut self, _turn: &mut Turn<TableEvent>) {
        self.is_calm = true;
        (0..self.stores.len()).for_each(|host| self.start(host));
    }

    fn visible(&self) -> Option<&HashMap<String, u64>> {
        Some(&self.table.visible)
    }
}

/// How long a host waits for an attempt.
const PATIENCE_US: u64 = 5_000;
